//! The credentials of a user, whose tasks may each have `auth` of their own.

use std::cell::RefCell;
use std::rc::Rc;

use super::Auth;

/// As many credentials as a user keeps; for one more it forgets those not used longest. Those that
/// hold data of the plan may be others in each tick.
const MOST_CREDENTIALS: usize = 8;

/// Credentials as requests use them; what a user does at once shares them.
pub(in crate::http) type Credentials = Rc<RefCell<Auth>>;

/// What a user keeps, those used last at the end.
#[derive(Debug, Default)]
pub(in crate::http) struct Keyring(Vec<Credentials>);

impl Keyring {
    /// The credentials of a task's object, if they are there.
    pub(in crate::http) fn find(&mut self, source: &[u8]) -> Option<Credentials> {
        let place = self.0.iter().position(|known| known.borrow().is_of(source))?;
        let found = self.0.remove(place);
        self.0.push(Rc::clone(&found));
        Some(found)
    }

    /// Keeps credentials, unless others of the same object are there: those that count.
    pub(in crate::http) fn keep(&mut self, auth: Auth) -> Credentials {
        if let Some(known) = self.find(&auth.source) {
            return known;
        }
        if self.0.len() >= MOST_CREDENTIALS {
            self.0.remove(0);
        }
        let new = Rc::new(RefCell::new(auth));
        self.0.push(Rc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Scheme, aws};
    use super::*;

    #[test]
    fn the_credentials_used_last_are_kept() {
        let auth = |source: &str| Auth {
            source: source.as_bytes().into(),
            scheme: Scheme::Aws(aws::Credentials::new(&serde_json::Value::Null)),
        };
        let mut keyring = Keyring::default();
        let first = keyring.keep(auth("first"));
        assert!(Rc::ptr_eq(&first, &keyring.keep(auth("first"))));
        for nth in 0..20 {
            keyring.keep(auth(&format!("varying {nth}")));
            assert!(keyring.find(b"first").is_some_and(|found| Rc::ptr_eq(&first, &found)));
        }
        assert_eq!(keyring.0.len(), MOST_CREDENTIALS);
        assert!(keyring.find(b"varying 1").is_none() && keyring.find(b"varying 19").is_some());
    }
}
