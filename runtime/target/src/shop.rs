//! The state behind the login and order routes: tokens that need none, orders that need little.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Orders there are before anyone has created one.
const SAMPLES: u64 = 20;

/// Orders kept; the oldest go first, so that a run of any length needs the same memory.
const KEPT: usize = 10_000;

/// Orders a list shows.
const LISTED: usize = 20;

/// Whom a token was issued to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) tenant: String,
}

#[derive(Debug)]
pub(crate) struct Shop {
    /// Signs the tokens; new for each server, so that one server's tokens mean nothing to another.
    key: RandomState,
    orders: Mutex<Orders>,
}

/// Orders with consecutive ids, the first of which is `first`.
#[derive(Debug)]
struct Orders {
    first: u64,
    kept: VecDeque<Value>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        const ITEMS: [&str; 5] = ["desk lamp", "chair", "cable", "notebook", "teapot"];
        let sample = |(id, item): (u64, &str)| order(id, item, id % 4 + 1, "ada");
        let kept = (1..=SAMPLES).zip(ITEMS.into_iter().cycle()).map(sample).collect();
        Self { key: RandomState::new(), orders: Mutex::new(Orders { first: 1, kept }) }
    }

    /// A token that says who it was issued to and is signed; no token has to be remembered.
    pub(crate) fn token(&self, account: &Account) -> String {
        let text = format!("{}\0{}", account.user, account.tenant);
        format!("{}.{:016x}", URL_SAFE_NO_PAD.encode(text), self.key.hash_one(account))
    }

    /// Whom `token` was issued to; `None` when this shop did not issue it.
    pub(crate) fn account(&self, token: &str) -> Option<Account> {
        let (text, signature) = token.split_once('.')?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (user, tenant) = text.split_once('\0')?;
        let account = Account { user: user.to_owned(), tenant: tenant.to_owned() };
        let signature = u64::from_str_radix(signature, 16).ok()?;
        (signature == self.key.hash_one(&account)).then_some(account)
    }

    pub(crate) fn create(&self, item: &str, quantity: u64, user: &str) -> (u64, Value) {
        let mut orders = self.orders();
        let id = orders.first.saturating_add(orders.kept.len() as u64);
        let order = order(id, item, quantity, user);
        orders.kept.push_back(order.clone());
        if orders.kept.len() > KEPT {
            orders.kept.pop_front();
            orders.first = orders.first.saturating_add(1);
        }
        (id, order)
    }

    pub(crate) fn order(&self, id: u64) -> Option<Value> {
        let orders = self.orders();
        let index = usize::try_from(id.checked_sub(orders.first)?).ok()?;
        orders.kept.get(index).cloned()
    }

    /// The newest orders, newest first.
    pub(crate) fn newest(&self) -> Vec<Value> {
        self.orders().kept.iter().rev().take(LISTED).cloned().collect()
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        // Nothing panics while it holds the lock, and an order list cannot be half changed.
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn order(id: u64, item: &str, quantity: u64, user: &str) -> Value {
    json!({"id": id, "item": item, "quantity": quantity, "user": user, "status": "open"})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(user: &str, tenant: &str) -> Account {
        Account { user: user.to_owned(), tenant: tenant.to_owned() }
    }

    #[test]
    fn a_token_is_known_to_the_shop_that_issued_it_and_to_no_other() {
        let (shop, other) = (Shop::new(), Shop::new());
        let ada = account("ada", "acme");
        let token = shop.token(&ada);
        assert_eq!(shop.account(&token), Some(ada));
        assert_eq!(other.account(&token), None);
    }

    #[test]
    fn a_token_changed_in_any_byte_is_refused() {
        let shop = Shop::new();
        let token = shop.token(&account("ada", "acme"));
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] ^= 1;
            let Ok(forged) = String::from_utf8(forged) else { continue };
            assert_eq!(shop.account(&forged), None, "{forged}");
        }
        for junk in ["", ".", "a.b", "YQ.0", "%%%%.1234567890123456"] {
            assert_eq!(shop.account(junk), None, "{junk}");
        }
    }

    #[test]
    fn orders_are_numbered_on_and_the_oldest_are_forgotten() {
        let shop = Shop::new();
        let (first, _) = shop.create("pen", 3, "bob");
        assert_eq!(first, SAMPLES + 1);
        assert_eq!(shop.order(first).unwrap()["quantity"], 3);
        for _ in 0..KEPT {
            shop.create("pen", 1, "bob");
        }
        assert_eq!(shop.order(first), None);
        let newest = shop.newest();
        assert_eq!(newest.len(), LISTED);
        assert_eq!(newest[0]["id"], first + KEPT as u64);
    }
}
