//! The driver: requests of users to replies, over connections that stay open.

mod credentials;
mod http2;
mod token;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use ld_stdlib::protocols::http::{extra, option, part};
use ld_vm::{Fault, FaultClass, Needs, Request};

use self::credentials::{authorize, heed};
use super::auth::Auth;
use super::auth::oauth2::Grant;
use super::buffers::Buffers;
use super::decode::Decoder;
use super::extra::Extra;
use super::message::{self, Beyond, Late, Prepared, Version};
use super::received::Received;
use super::redirect::{Hop, is_redirect};
use super::route::Route;
use super::session::{Connection, Found, Session};
use super::target;
use super::trip::{Sending, Trip};
use super::wire::{Expect, Limits, ReplyReader};
use crate::driver::{Driver, Exchange, Stamps};
use crate::net::clock::NS_PER_S;
use crate::net::{Net, Pool};

/// How long opening a connection may take at most, in nanoseconds, when the request has no
/// shorter limit: the system itself would try for more than two minutes.
const CONNECT_LIMIT_NS: u64 = 30 * NS_PER_S;

/// How long a server may take to ask for a body held back, in nanoseconds; then it is sent
/// unasked, as curl does.
const HELD_NS: u64 = NS_PER_S;

/// Request bytes and decoded bodies beyond this many bytes are freed after use.
const KEPT_BYTES: usize = 1 << 20;

/// As many routes as are remembered while nobody uses them.
const MOST_ROUTES: usize = 256;

/// HTTP/1.1, and HTTP/2 for tasks that ask for it.
pub struct Http {
    net: Rc<Net>,
    limits: Limits,
    pub(super) buffers: Buffers,
    /// For requests put together at run time, and for decoded bodies.
    bytes: Pool,
    decoder: RefCell<Decoder>,
    routes: RefCell<Vec<Rc<Route>>>,
    /// What gives tokens, by the tasks' objects.
    grants: RefCell<HashMap<Box<[u8]>, Rc<Grant>>>,
}

/// A request ready to be sent.
struct Call<'c> {
    request: &'c Request<'c>,
    origin: &'c [u8],
    head: &'c [u8],
    /// What goes after the head, when it does not stand in one piece with it.
    tail: &'c [u8],
    /// What is out of the ordinary.
    beyond: Option<&'c Beyond<'c>>,
    method: &'c [u8],
    limit: Limit,
}

impl<'c> Call<'c> {
    /// Whether the reply's body is kept.
    #[inline]
    fn reads_body(&self) -> bool {
        let for_itself = self.beyond.is_some_and(|beyond| beyond.reads_body);
        for_itself || self.request.needs().contains(Needs::PAYLOAD)
    }

    /// The proxy to go through; empty for none.
    #[inline]
    fn proxy(&self) -> &'c [u8] {
        self.beyond.map_or(&[], |beyond| beyond.proxy)
    }

    #[inline]
    fn version(&self) -> Version {
        self.beyond.map_or(Version::Http1, |beyond| beyond.version)
    }
}

/// The time limit of an exchange.
#[derive(Clone, Copy)]
struct Limit {
    /// Its length, in nanoseconds; 0 for none.
    length_ns: u64,
    /// Its end by the run's clock; `u64::MAX` for none.
    until_ns: u64,
}

/// A request put together at run time.
struct Built<'u> {
    origin: Cow<'u, [u8]>,
    head: Vec<u8>,
    tail: &'u [u8],
}

impl Driver for Http {
    type Session = Session;

    fn new(net: Rc<Net>) -> Self {
        Self {
            net,
            limits: Limits::default(),
            buffers: Buffers::default(),
            bytes: Pool::default(),
            decoder: RefCell::default(),
            routes: RefCell::default(),
            grants: RefCell::default(),
        }
    }

    fn session(&self, _user: u32) -> Session {
        Session::new(self.net.deadline())
    }

    async fn exchange<'s>(
        &'s self,
        session: &'s mut Session,
        request: Request<'_>,
    ) -> Exchange<'s> {
        self.release(session);
        let mut stamps = Stamps::default();
        let outcome = self.carry_out(session, &request, &mut stamps).await;
        if outcome.is_err() {
            stamps.done_ns = self.net.now_ns();
            if stamps.bytes_out == 0 {
                stamps.sent_ns = stamps.done_ns;
            }
        }
        session.received.fault = outcome.err();
        let needs = request.needs();
        if !needs.contains(Needs::META) && !needs.contains(Needs::PAYLOAD) {
            self.release(session);
        }
        Exchange { reply: session.received.reply(needs), stamps }
    }

    fn host<'r>(&self, request: &Request<'r>) -> &'r [u8] {
        match request.part(part::URL) {
            url if url.is_empty() || !target::is_absolute(url) => request.part(part::ORIGIN),
            url => {
                let mut slashes = memchr::memchr_iter(b'/', url);
                url.get(..slashes.nth(2).unwrap_or(url.len())).unwrap_or(url)
            }
        }
    }

    fn beside(&self, session: &mut Session, _user: u32, request: &Request<'_>) -> Session {
        let origin = match target::varying(request) {
            Ok(None) => Cow::Borrowed(request.part(part::ORIGIN)),
            Ok(Some(url)) => Cow::Owned(message::origin(&url)),
            Err(_) => Cow::default(),
        };
        session.beside(self.net.deadline(), &origin)
    }

    fn rejoin(&self, session: &mut Session, mut beside: Session) {
        self.release(&mut beside);
        session.rejoin(beside);
    }

    /// Asked for before and after each exchange, and mostly in vain: only the question is where
    /// that is done.
    #[inline]
    fn release(&self, session: &mut Session) {
        if session.received.holds_memory() {
            self.take_back(&mut session.received);
        }
    }

    fn forget_cookies(&self, session: &mut Session) {
        session.jar = None;
    }

    async fn close(&self, mut session: Session) {
        self.release(&mut session);
        session.close();
    }
}

/// What few requests need beside their exchange. Behind a pointer, so that what all requests go
/// through stays small enough to be one piece of code.
type Detour<'f> = Pin<Box<dyn Future<Output = Result<(), Fault>> + 'f>>;

impl Http {
    /// Hands on what a reply was held in.
    #[inline(never)]
    fn take_back(&self, received: &mut Received) {
        self.buffers.put(std::mem::take(&mut received.buffer));
        if let Some(decoded) = received.decoded.take() {
            self.put_bytes(decoded);
        }
    }

    async fn carry_out(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        stamps: &mut Stamps,
    ) -> Result<(), Fault> {
        let extras = request.option(option::EXTRAS);
        if extras & extra::ELABORATE != 0 {
            self.carry_out_elaborate(session, request, stamps).await?;
        } else {
            let whole = request.part(part::WHOLE);
            let is_ready =
                !whole.is_empty() && session.has_no_cookies() && extras & extra::LATE_LINES == 0;
            let built = if is_ready {
                None
            } else {
                Some(self.build(session, request, &Prepared::new(*request, None), None)?.0)
            };
            let (origin, head, tail) = match &built {
                None => (request.part(part::ORIGIN), whole, [].as_slice()),
                Some(built) => (&*built.origin, built.head.as_slice(), built.tail),
            };
            let limit = self.start(request, stamps);
            let method = request.part(part::METHOD);
            let call = Call { request, origin, head, tail, beyond: None, method, limit };
            let outcome = self.attempt_http1(session, &call, stamps).await;
            if let Some(built) = built {
                self.put_bytes(built.head);
            }
            outcome?;
            if is_followed_up(session, request) {
                self.follow_up(session, request, None, None, limit, stamps).await?;
            }
        }
        if request.needs().contains(Needs::PAYLOAD) {
            self.decode(session)?;
        }
        Ok(())
    }

    /// The same for a request that takes more than its parts.
    #[cold]
    fn carry_out_elaborate<'f>(
        &'f self,
        session: &'f mut Session,
        request: &'f Request<'f>,
        stamps: &'f mut Stamps,
    ) -> Detour<'f> {
        Box::pin(async move {
            let extra = Extra::new(&self.net, request).await?;
            let prepared = Prepared::new(*request, Some(&extra));
            let source = request.part(part::AUTH);
            let auth = match source {
                [] => None,
                _ => Some(self.credentials(session, source).await?),
            };
            let grant = auth.as_ref().and_then(|auth| auth.borrow().grant());
            if let (Some(auth), Some(grant)) = (&auth, grant) {
                let begun_ns = self.net.now_ns();
                let token = self.token(&grant, request, &prepared, begun_ns).await;
                stamps.prior_ns = self.net.now_ns().saturating_sub(begun_ns);
                auth.borrow_mut().set_token(token?);
            }
            let auth = auth.as_deref();
            let (built, bears) = self.build(session, request, &prepared, auth)?;
            let Built { origin, head, tail } = built;
            let limit = self.start(request, stamps);
            let beyond = prepared.beyond(&origin, limit.until_ns);
            let method = request.part(part::METHOD);
            let (origin, head, beyond) = (&*origin, &*head, Some(&beyond));
            let call = Call { request, origin, head, tail, beyond, method, limit };
            self.attempt(session, &call, stamps).await?;
            if let Some(auth) = auth
                && heed(auth, session, bears)
            {
                let (built, bears) = self.build(session, request, &prepared, Some(auth))?;
                let Built { origin, head, tail } = &built;
                let call = Call { origin, head, tail, ..call };
                self.attempt(session, &call, stamps).await?;
                heed(auth, session, bears);
            }
            if is_followed_up(session, request) {
                self.follow_up(session, request, Some(&extra), auth, limit, stamps).await?;
            }
            Ok(())
        })
    }

    /// The time limit of a request that starts now.
    #[inline]
    fn start(&self, request: &Request<'_>, stamps: &mut Stamps) -> Limit {
        stamps.sent_ns = self.net.now_ns();
        let length_ns = u64::try_from(request.option(option::TIMEOUT_NS)).unwrap_or(0);
        let until_ns = match length_ns {
            0 => u64::MAX,
            _ => stamps.sent_ns.saturating_add(length_ns),
        };
        Limit { length_ns, until_ns }
    }

    /// Puts a request together that is not one constant; says whether it bears credentials that were
    /// made for it.
    fn build<'u>(
        &self,
        session: &mut Session,
        request: &Request<'u>,
        prepared: &Prepared<'u>,
        auth: Option<&RefCell<Auth>>,
    ) -> Result<(Built<'u>, bool), Fault> {
        let url = target::varying(request)?;
        let origin = match &url {
            Some(url) => Cow::Owned(message::origin(url)),
            None => Cow::Borrowed(request.part(part::ORIGIN)),
        };
        let mut head = self.bytes.take();
        head.clear();
        prepared.write_head(url.as_ref(), &mut head);
        let call = [request.part(part::METHOD), &*origin, message::target(&head)];
        let proof = authorize(auth, prepared, call, true)?;
        message::add_to_query(&proof.query, &mut head);
        let mut jar = session.jar.as_ref().map(|jar| jar.borrow_mut());
        let cookies = match &mut jar {
            Some(jar) => {
                let target = message::target(&head);
                jar.line(&origin, target, self.net.now_ns())
            }
            None => "",
        };
        let late = Late { body: true, credentials: true, proof: &proof, cookies };
        prepared.write_late_lines(late, &mut head);
        let tail = prepared.write_body(&proof.form, &mut head);
        prepared.address_to_proxy(request.part(part::METHOD), &origin, &mut head)?;
        Ok((Built { origin, head, tail }, !proof.is_empty()))
    }

    /// Sends a request and receives its reply, over the version of HTTP it asks for.
    async fn attempt(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        stamps: &mut Stamps,
    ) -> Result<(), Fault> {
        if call.version() != Version::Http1 && self.attempt_http2(session, call, stamps).await? {
            return Ok(());
        }
        self.attempt_http1(session, call, stamps).await
    }

    /// Sends a request and receives its reply, on the user's connection if it has one.
    ///
    /// A connection may be closed by the server in the very moment it is used. Nobody is
    /// to blame for that, so the request is sent once more on a new connection when it
    /// cannot have been acted upon or may be repeated (RFC 9110 §9.2.2).
    async fn attempt_http1(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        stamps: &mut Stamps,
    ) -> Result<(), Fault> {
        let found = session.take_connection(call.origin, call.proxy(), call.request);
        let mut is_reused = matches!(found, Found::Open(_));
        let mut connection = match found {
            Found::Open(connection) => connection,
            Found::Stale => Box::pin(self.reopen(session, call, stamps)).await?,
            Found::Nothing => Box::pin(self.open(session, call, stamps)).await?,
        };
        loop {
            let is_held = call.beyond.is_some_and(|beyond| beyond.is_held);
            let expect =
                Expect { to_head_request: call.method == b"HEAD", body: call.reads_body() };
            session.received.reader = ReplyReader::new(expect, self.limits);
            session.received.buffer.clear();
            session.deadline.arm(if is_held {
                call.limit.until_ns.min(self.net.now_ns().saturating_add(HELD_NS))
            } else {
                call.limit.until_ns
            });
            let mut trip = Trip {
                net: &self.net,
                buffers: &self.buffers,
                stream: &mut connection.stream,
                received: &mut session.received,
                deadline: &session.deadline,
                stamps,
                limit_ns: call.limit.length_ns,
                head: call.head,
                tail: call.tail,
                beyond: call.beyond,
                progress: Sending::new(is_held),
            };
            let outcome = (&mut trip).await;
            let Sending { is_sent, is_answered, .. } = trip.progress;
            session.deadline.disarm();
            let Err(fault) = outcome else {
                let stays_open = session.received.reader.head().is_some_and(|head| head.keep_alive);
                // Half a request is still in the way of the next.
                let closes = call.beyond.is_some_and(|beyond| beyond.closes);
                if stays_open && is_sent && !closes {
                    session.keep_connection(connection);
                }
                return Ok(());
            };
            let may_repeat = !is_sent || is_idempotent(call.method);
            let was_closed = matches!(fault.class, FaultClass::Closed | FaultClass::Reset);
            if !(is_reused && was_closed && !is_answered && may_repeat) {
                return Err(fault);
            }
            drop(connection);
            is_reused = false;
            connection = Box::pin(self.reopen(session, call, stamps)).await?;
            http2::refuse(&connection)?;
        }
    }

    /// Opens a connection in place of one that the server has closed.
    async fn reopen(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        stamps: &mut Stamps,
    ) -> Result<Connection, Fault> {
        let connection = self.open(session, call, stamps).await?;
        self.net.counters.count_reopened();
        Ok(connection)
    }

    async fn open(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        stamps: &mut Stamps,
    ) -> Result<Connection, Fault> {
        let route = self.route(call)?;
        let until_ns = call.limit.until_ns.min(self.net.now_ns().saturating_add(CONNECT_LIMIT_NS));
        let proxy = route.proxy.as_ref();
        let dialed = self
            .net
            .dial_through(proxy, &route.endpoint, &route.tls, &session.deadline, until_ns)
            .await?;
        stamps.connect_ns = stamps.connect_ns.saturating_add(dialed.connect_ns);
        stamps.tls_ns = stamps.tls_ns.saturating_add(dialed.tls_ns);
        if stamps.bytes_out == 0 {
            stamps.sent_ns = self.net.now_ns();
        }
        Ok(Connection { route, stream: dialed.stream })
    }

    /// The route to an origin; users that go there share it.
    fn route(&self, call: &Call<'_>) -> Result<Rc<Route>, Fault> {
        let (origin, proxy, request) = (call.origin, call.proxy(), call.request);
        let mut routes = self.routes.borrow_mut();
        if let Some(route) = routes.iter().find(|route| route.serves(origin, proxy, request)) {
            return Ok(Rc::clone(route));
        }
        if routes.len() >= MOST_ROUTES {
            routes.retain(|route| Rc::strong_count(route) > 1);
        }
        let route = Rc::new(Route::new(origin, proxy, request)?);
        routes.push(Rc::clone(&route));
        Ok(route)
    }

    /// Takes the cookies of the reply that has come, and goes where it redirects to.
    #[cold]
    fn follow_up<'f>(
        &'f self,
        session: &'f mut Session,
        request: &'f Request<'f>,
        extra: Option<&'f Extra>,
        auth: Option<&'f RefCell<Auth>>,
        limit: Limit,
        stamps: &'f mut Stamps,
    ) -> Detour<'f> {
        Box::pin(async move {
            let prepared = Prepared::new(*request, extra);
            let mut hop = Hop::first(target::url(request, &prepared)?, request.part(part::METHOD));
            let mut left = request.option(option::REDIRECTS);
            let follows = left > 0;
            loop {
                let received = &session.received;
                let Some(head) = received.reader.head() else { return Ok(()) };
                let fields = received.reader.fields(&received.buffer);
                if head.has_set_cookie {
                    session.jar.get_or_insert_default().borrow_mut().take(fields, &hop.url);
                }
                let location = if follows { fields.all(b"location").next() } else { None };
                let Some(next) = hop.next(head.status, location)? else { return Ok(()) };
                if left == 0 {
                    let most = request.option(option::REDIRECTS);
                    let text = format!("the server redirects more than {most} times in a row");
                    return Err(Fault::new(FaultClass::Protocol, text));
                }
                left -= 1;
                hop = next;

                let auth = auth.filter(|_| hop.credentials);
                let bears =
                    self.hop(session, request, &prepared, &hop, auth, limit, stamps).await?;
                if let Some(asked) = auth
                    && heed(asked, session, bears)
                {
                    let bears =
                        self.hop(session, request, &prepared, &hop, auth, limit, stamps).await?;
                    heed(asked, session, bears);
                }
            }
        })
    }

    /// Goes where a reply redirects to; says whether credentials that were made for it went along.
    #[expect(clippy::too_many_arguments, reason = "what one request of a chain consists of")]
    async fn hop(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        prepared: &Prepared<'_>,
        hop: &Hop,
        auth: Option<&RefCell<Auth>>,
        limit: Limit,
        stamps: &mut Stamps,
    ) -> Result<bool, Fault> {
        let origin = message::origin(&hop.url);
        let mut target = Vec::new();
        message::write_target(&hop.url, &mut target);
        // The query is as the server wrote it into the location.
        let proof = authorize(auth, prepared, [&*hop.method, &*origin, &*target], hop.body)?;
        let mut head = Vec::new();
        let tail = {
            let mut jar = session.jar.as_ref().map(|jar| jar.borrow_mut());
            let now_ns = self.net.now_ns();
            let cookies = jar.as_mut().map_or("", |jar| jar.line(&origin, &target, now_ns));
            hop.write(prepared, cookies, &proof, &mut head)
        };
        prepared.address_to_proxy(&hop.method, &origin, &mut head)?;
        let beyond = prepared.beyond(&origin, limit.until_ns);
        let beyond = if hop.body { beyond } else { beyond.without_body() };
        let (origin, head, method, beyond) = (&origin, &head, &hop.method, Some(&beyond));
        let call = Call { request, origin, head, tail, beyond, method, limit };
        self.attempt(session, &call, stamps).await?;
        Ok(!proof.is_empty())
    }

    /// Undoes the content coding of the body that has come.
    fn decode(&self, session: &mut Session) -> Result<(), Fault> {
        let received = &mut session.received;
        let Some(head) = received.reader.head().filter(|head| !head.codings.is_none()) else {
            return Ok(());
        };
        let body = received.reader.body(&received.buffer);
        let mut out = self.bytes.take();
        let mut decoder = self.decoder.borrow_mut();
        let outcome = decoder.decode(head.codings, body, self.limits.body, &mut out);
        received.decoded = Some(out);
        outcome.map_err(Fault::from)
    }

    fn put_bytes(&self, bytes: Vec<u8>) {
        if bytes.capacity() <= KEPT_BYTES {
            self.bytes.put(bytes);
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Whether something is to be done about the reply that has come.
#[inline]
fn is_followed_up(session: &Session, request: &Request<'_>) -> bool {
    session.received.reader.head().is_some_and(|head| {
        let redirects = head.has_location && is_redirect(head.status);
        head.has_set_cookie || redirects && request.option(option::REDIRECTS) > 0
    })
}

/// RFC 9110 §9.2.2.
fn is_idempotent(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"PUT" | b"DELETE" | b"OPTIONS" | b"TRACE")
}
