//! gRPC: a channel for each user, kept across ticks.

mod call;
mod channel;
mod frames;
mod messages;
mod metadata;
mod methods;
mod reflection;

use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use http::Uri;
use ld_stdlib::protocols::grpc::{option, part, status_name};
use ld_vm::{Fault, FaultClass, Needs, Reply, Request};
use prost_reflect::DescriptorPool;

use crate::driver::{Driver, Exchange, Stamps};
use crate::h2::Failure;
use crate::net::clock::NS_PER_S;
use crate::net::{Deadline, Net};
use call::Call;
use channel::Channel;
use messages::Writer;
use metadata::Ending;
use methods::{Method, Methods, Wanted};
use reflection::Server;

/// A reply that took more memory than this is freed before the next one.
const KEPT_BYTES: usize = 1 << 12;

/// The status of a call that took too long.
const DEADLINE_EXCEEDED: i64 = 4;

/// Servers are told the deadline; what they do about it may come a little before ours, in
/// nanoseconds.
const EARLY_NS: u64 = 10_000_000;

/// gRPC.
pub struct Grpc {
    net: Rc<Net>,
    methods: Methods,
}

/// What a user keeps between requests.
#[derive(Debug)]
pub struct Session {
    deadline: Deadline,
    channel: Option<Box<Channel>>,
    last: Box<Last>,
}

/// The last reply.
#[derive(Debug, Default)]
struct Last {
    payload: Vec<u8>,
    ending: Ending,
    fault: Option<Fault>,
}

impl Driver for Grpc {
    type Session = Session;

    fn new(net: Rc<Net>) -> Self {
        Self { net, methods: Methods::default() }
    }

    fn session(&self, _user: u32) -> Session {
        Session { deadline: self.net.deadline(), channel: None, last: Box::default() }
    }

    async fn exchange<'s>(
        &'s self,
        session: &'s mut Session,
        request: Request<'_>,
    ) -> Exchange<'s> {
        session.last.payload.clear();
        session.last.payload.shrink_to(KEPT_BYTES);
        session.last.ending = Ending::default();
        let limit_ns = u64::try_from(request.option(option::TIMEOUT_NS)).unwrap_or_default();
        let until_ns = match limit_ns {
            0 => u64::MAX,
            _ => self.net.now_ns().saturating_add(limit_ns),
        };
        let mut task = Task { grpc: self, request: &request, until_ns, stamps: Stamps::default() };
        let outcome = Box::pin(task.carry_out(session)).await;
        let mut stamps = task.stamps;
        session.deadline.disarm();
        stamps.done_ns = self.net.now_ns();
        if stamps.sent_ns == 0 {
            stamps.sent_ns = stamps.done_ns;
        }
        let last = &mut *session.last;
        last.fault = outcome.err();
        let reply = match &last.fault {
            Some(fault) => Reply::fault(fault),
            None => Reply {
                status: Some(last.ending.status),
                meta: &last.ending,
                payload: &last.payload,
                ..Reply::EMPTY
            },
        };
        Exchange { reply, stamps }
    }

    fn release(&self, session: &mut Session) {
        *session.last = Last::default();
    }
}

impl fmt::Debug for Grpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grpc").field("methods", &self.methods).finish_non_exhaustive()
    }
}

/// A request being carried out.
struct Task<'t> {
    grpc: &'t Grpc,
    request: &'t Request<'t>,
    until_ns: u64,
    stamps: Stamps,
}

impl Task<'_> {
    async fn carry_out(&mut self, session: &mut Session) -> Result<(), Fault> {
        let method = self.method(session).await?;
        method.check(self.request.option(option::RPC))?;
        let messages = messages::encode(&method, self.request.part(part::PAYLOAD))?;
        let ending = self.call(session, &method, messages).await?;
        let last = &mut *session.last;
        last.ending = ending;
        self.judge(last)
    }

    /// The method that is called. What has to be read or asked before the first call of it is no
    /// part of the call.
    async fn method(&mut self, session: &mut Session) -> Result<Rc<Method>, Fault> {
        let Self { grpc, request, .. } = *self;
        if let Some(method) = grpc.methods.known(request) {
            return Ok(method);
        }
        let wanted = Wanted::of(request)?;
        let pool = grpc.methods.pool(request, wanted);
        if methods::asks_server(request) && !pool.initialized() {
            self.connect(session).await?;
        }
        let begun_ns = grpc.net.now_ns();
        session.deadline.arm(self.until_ns);
        let channel = session.channel.as_deref();
        let found = session.deadline.within(pool.get_or_try_init(|| async {
            match channel {
                Some(channel) if methods::asks_server(request) => self.ask(channel, wanted).await,
                _ => methods::read(request).await,
            }
        }));
        let found = found.await;
        session.deadline.disarm();
        let prior_ns = grpc.net.now_ns().saturating_sub(begun_ns);
        self.stamps.prior_ns = prior_ns;
        self.until_ns = self.until_ns.saturating_add(prior_ns);
        if let (Some(channel), Err(_) | Ok(Err(_))) = (&session.channel, &found)
            && methods::asks_server(request)
        {
            // What went over the connection for nothing is no reply's.
            channel.open.count_bytes(&mut self.stamps);
            session.channel = None;
        }
        let pool = found.unwrap_or_else(|_| {
            let text = "timed out finding out what the method's messages are";
            Err(Fault::new(FaultClass::Timeout, text))
        })?;
        let method = Rc::new(Method::find(pool, wanted)?);
        grpc.methods.remember(request, &method);
        Ok(method)
    }

    async fn ask(&self, channel: &Channel, wanted: Wanted<'_>) -> Result<DescriptorPool, Fault> {
        let metadata = self.request.part(part::METADATA);
        let mut server =
            Server::new(&self.grpc.net, channel.open.clone(), &channel.origin, metadata);
        server.descriptors(wanted).await.map_err(|failure| failure.fault)
    }

    /// Opens a channel, unless there is one to where the request goes.
    async fn connect(&mut self, session: &mut Session) -> Result<(), Fault> {
        let net = &self.grpc.net;
        let mut is_again = false;
        if let Some(channel) = &mut session.channel {
            if channel.serves(self.request) {
                if channel.open.is_usable() {
                    return Ok(());
                }
                is_again = true;
            }
            session.channel = None;
        }
        let opening = Channel::open(net, self.request, &session.deadline, self.until_ns);
        let channel = opening.await.map(|(channel, connect_ns, tls_ns)| {
            self.stamps.connect_ns = connect_ns;
            self.stamps.tls_ns = tls_ns;
            channel
        })?;
        if is_again {
            net.counters.count_reopened();
        }
        session.channel = Some(Box::new(channel));
        Ok(())
    }

    /// Calls the method, once more where the server has said that it did nothing about it.
    async fn call(
        &mut self,
        session: &mut Session,
        method: &Method,
        messages: Bytes,
    ) -> Result<Ending, Fault> {
        let wants_payload = self.request.needs().contains(Needs::PAYLOAD);
        let net = &*self.grpc.net;
        let mut is_repeated = false;
        loop {
            self.connect(session).await?;
            let Session { deadline, channel, last } = &mut *session;
            let Some(open) = channel.as_deref_mut() else {
                return Err(Fault::new(FaultClass::Closed, "there is no channel"));
            };
            let now_ns = net.now_ns();
            self.stamps.sent_ns = now_ns;
            let left_ns = (self.until_ns != u64::MAX).then(|| self.until_ns.saturating_sub(now_ns));
            let uri = format!("{}{}", open.origin, method.path);
            let call = Call {
                net,
                uri: uri.parse::<Uri>().map_err(|error| Failure::unsendable(error).fault)?,
                headers: metadata::headers(self.request.part(part::METADATA), left_ns)?,
                messages: messages.clone(),
                most_bytes: usize::try_from(self.request.option(option::MOST_BYTES))
                    .unwrap_or(usize::MAX),
            };
            last.payload.clear();
            let mut writer = Writer::new(method, &mut last.payload, wants_payload);
            deadline.arm(self.until_ns);
            let mut take = |message| writer.push(message);
            let called = call.run(&mut open.open, &mut self.stamps, &mut take);
            let outcome = deadline.within(called).await;
            deadline.disarm();
            let read_before = self.stamps.bytes_in;
            open.open.count_bytes(&mut self.stamps);
            let is_silent = self.stamps.bytes_in == read_before;
            let is_late = net.now_ns().saturating_add(EARLY_NS) >= self.until_ns;
            match outcome {
                Ok(Ok(ending)) => {
                    if ending.status == 0 {
                        writer.finish()?;
                    }
                    return Ok(ending);
                }
                Ok(Err(failure)) if is_late && failure.fault.class == FaultClass::Reset => {
                    return Ok(self.too_late());
                }
                Ok(Err(failure)) => {
                    if failure.is_cut {
                        *channel = None;
                    }
                    if is_repeated || !failure.is_unprocessed {
                        return Err(failure.fault);
                    }
                    is_repeated = true;
                }
                Err(_) => {
                    if open.stays_silent(is_silent) {
                        *channel = None;
                    }
                    return Ok(self.too_late());
                }
            }
        }
    }

    /// How a call ends that takes longer than the plan lets it.
    fn too_late(&self) -> Ending {
        let limit_s = self.request.option(option::TIMEOUT_NS) as f64 / NS_PER_S as f64;
        let message = format!("no reply within {limit_s} s");
        Ending { status: DEADLINE_EXCEEDED, message, ..Ending::default() }
    }

    /// Whether the call ended as the plan expects, and what is read of it when it is an error.
    fn judge(&self, last: &mut Last) -> Result<(), Fault> {
        let Last { payload, ending, .. } = last;
        let expected = self.request.option(option::EXPECT_STATUS);
        let status = ending.status;
        let mut told = status_name(status).to_owned();
        if !ending.message.is_empty() {
            told.push_str(": ");
            told.push_str(&ending.message);
        }
        if expected != 0 && status != expected {
            let text = format!("expected {}, got {told}", status_name(expected));
            return Err(Fault::new(FaultClass::Status, text));
        }
        if status == DEADLINE_EXCEEDED && expected == 0 {
            return Err(Fault::new(FaultClass::Timeout, told));
        }
        if status != 0 {
            payload.clear();
            if self.request.needs().contains(Needs::PAYLOAD) {
                let error = serde_json::json!({
                    "code": status, "status": status_name(status), "message": ending.message,
                });
                payload.extend(error.to_string().into_bytes());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
