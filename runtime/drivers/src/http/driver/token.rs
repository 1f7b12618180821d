//! Tokens of OAuth 2.0, fetched when a request needs one.

use std::rc::Rc;

use ld_stdlib::protocols::http::option;
use ld_vm::{Fault, Request};

use super::{Call, Http, Limit};
use crate::driver::{Driver, Stamps};
use crate::http::auth::oauth2::{Grant, State};
use crate::http::message::{Beyond, Prepared};
use crate::http::session::Session;
use crate::net::clock::NS_PER_S;

/// How long getting a token may take, in nanoseconds, where the task has no shorter limit.
const TOKEN_LIMIT_NS: u64 = 30 * NS_PER_S;

impl Http {
    /// The token of a grant, fetched if there is none that is good.
    pub(super) async fn token(
        &self,
        grant: &Grant,
        request: &Request<'_>,
        prepared: &Prepared<'_>,
        begun_ns: u64,
    ) -> Result<Rc<str>, Fault> {
        let mut state = grant.state.lock().await;
        if let Some(token) = state.fresh(self.net.now_ns()) {
            return Ok(token);
        }
        // One failure is enough for all that waited for it.
        if let Some(fault) = state.failed_since(begun_ns) {
            return Err(fault);
        }
        loop {
            match self.fetch_token(grant, &mut state, request, prepared).await {
                // A token to refresh with expires as well.
                Err(_) if state.can_begin_anew() => {}
                Err(fault) => {
                    state.fail(self.net.now_ns(), fault.clone());
                    return Err(fault);
                }
                token => return token,
            }
        }
    }

    /// Asks for a token, on a connection of its own, with the TLS settings of a task and through its
    /// proxy.
    async fn fetch_token(
        &self,
        grant: &Grant,
        state: &mut State,
        request: &Request<'_>,
        prepared: &Prepared<'_>,
    ) -> Result<Rc<str>, Fault> {
        let (origin, mut head) = (grant.origin(), grant.request(state));
        prepared.address_to_proxy(b"POST", &origin, &mut head)?;
        let proxy = prepared.proxy(&origin);
        let own_ns = u64::try_from(request.option(option::TIMEOUT_NS)).ok().filter(|&own| own > 0);
        let length_ns = own_ns.map_or(TOKEN_LIMIT_NS, |own| own.min(TOKEN_LIMIT_NS));
        let until_ns = self.net.now_ns().saturating_add(length_ns);
        let beyond = Beyond { reads_body: true, until_ns, proxy, ..Beyond::default() };
        let call = Call {
            request,
            origin: &origin,
            head: &head,
            tail: &[],
            beyond: Some(&beyond),
            method: b"POST",
            limit: Limit { length_ns, until_ns },
        };
        let mut apart = Session::new(self.net.deadline());
        let mut stamps = Stamps::default();
        let outcome = self.attempt(&mut apart, &call, &mut stamps).await;
        let token = outcome.map_err(|fault| grant.no_token(&fault.text)).and_then(|()| {
            let received = &apart.received;
            let status = received.reader.head().map_or(0, |head| head.status);
            let body = received.reader.body(&received.buffer);
            grant.take(state, status, body, self.net.now_ns())
        });
        self.release(&mut apart);
        apart.close();
        token
    }
}
