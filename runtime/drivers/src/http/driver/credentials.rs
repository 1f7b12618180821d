//! Credentials of requests: kept for a user, written, and told what servers make of them.

use std::cell::RefCell;
use std::rc::Rc;

use ld_vm::Fault;

use super::Http;
use crate::http::auth::{Auth, Proof, keyring::Credentials};
use crate::http::message::Prepared;
use crate::http::session::Session;

impl Http {
    /// The credentials of a task's object: those that the user has, or else new ones.
    pub(super) async fn credentials(
        &self,
        session: &mut Session,
        source: &[u8],
    ) -> Result<Credentials, Fault> {
        let keyring = Rc::clone(session.keyring.get_or_insert_default());
        let known = keyring.borrow_mut().find(source);
        if let Some(known) = known {
            return Ok(known);
        }
        let mut auth = Auth::new(&self.net, source).await?;
        auth.share(&mut self.grants.borrow_mut());
        Ok(keyring.borrow_mut().keep(auth))
    }
}

/// What credentials add to a request of a method to a target at an origin; nothing yet where the
/// server has to be asked first.
pub(super) fn authorize(
    auth: Option<&RefCell<Auth>>,
    prepared: &Prepared<'_>,
    call: [&[u8]; 3],
    with_body: bool,
) -> Result<Proof, Fault> {
    let mut proof = Proof::default();
    if let Some(auth) = auth {
        auth.borrow_mut().write(&prepared.signed(call, with_body), &mut proof)?;
    }
    Ok(proof)
}

/// Lets credentials know of the reply that has come to a request, which `bore` them or not yet.
/// Whether the request is worth another try.
pub(super) fn heed(auth: &RefCell<Auth>, session: &Session, bore: bool) -> bool {
    let received = &session.received;
    let is_refused = received.reader.head().is_some_and(|head| head.status == 401);
    let fields = received.reader.fields(&received.buffer);
    let mut auth = auth.borrow_mut();
    if is_refused {
        return auth.is_challenged(bore, fields);
    }
    auth.is_accepted();
    false
}
