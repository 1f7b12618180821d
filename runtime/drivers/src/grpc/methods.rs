//! Methods and where they are known from: `.proto` files, descriptor sets, or the server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bytes::Bytes;
use ld_stdlib::protocols::grpc::{KINDS, option, part};
use ld_vm::{Fault, FaultClass, Request};
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor, ServiceDescriptor};
use tokio::sync::OnceCell;

/// As many methods are remembered; plans that make up names forget them all now and then.
const MOST_KNOWN: usize = 1024;

/// A method that can be called.
pub(super) struct Method {
    /// `/pkg.Service/Method`.
    pub(super) path: String,
    pub(super) input: MessageDescriptor,
    pub(super) output: MessageDescriptor,
    /// Whether client and server stream their messages.
    streams: (bool, bool),
    /// The payload that was sent last, and what it is on the wire.
    pub(super) last: RefCell<Option<(Box<[u8]>, Bytes)>>,
}

/// Descriptors, once somebody has read them.
type Pool = Rc<OnceCell<DescriptorPool>>;

/// What a shard knows.
#[derive(Default)]
pub(super) struct Methods {
    known: RefCell<HashMap<Box<[u8]>, Rc<Method>>>,
    pools: RefCell<HashMap<Box<[u8]>, Pool>>,
}

/// What a task calls, as it says it.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'r> {
    /// The full name, or the short one of a stub; empty when the method names it.
    pub(super) service: &'r str,
    pub(super) method: &'r str,
    pub(super) is_stub: bool,
}

impl<'r> Wanted<'r> {
    pub(super) fn of(request: &Request<'r>) -> Result<Self, Fault> {
        let text = |part| {
            str::from_utf8(request.part(part))
                .map_err(|_| plan("the names of services and methods are UTF-8"))
        };
        let (service, method) = (text(part::SERVICE)?, text(part::METHOD)?);
        let is_stub = request.option(option::STUB) != 0;
        Ok(match method.trim_start_matches('/').split_once('/') {
            Some((service, method)) => Self { service, method, is_stub: false },
            None if service.is_empty() => {
                return Err(plan("there is no service: the method is to be `pkg.Service/Method`"));
            }
            None => Self { service, method, is_stub },
        })
    }
}

impl Methods {
    /// The method of a request, when it has been found before.
    pub(super) fn known(&self, request: &Request<'_>) -> Option<Rc<Method>> {
        self.known.borrow().get(&*key(request, true)).map(Rc::clone)
    }

    /// Remembers the method of a request.
    pub(super) fn remember(&self, request: &Request<'_>, method: &Rc<Method>) {
        let mut known = self.known.borrow_mut();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(key(request, true), Rc::clone(method));
    }

    /// The place of the descriptors that a request goes by. Who comes first fills it, the others
    /// wait for that; who fails leaves it to the next.
    pub(super) fn pool(&self, request: &Request<'_>, wanted: Wanted<'_>) -> Pool {
        let mut pools = self.pools.borrow_mut();
        if pools.len() >= MOST_KNOWN {
            pools.clear();
        }
        let mut key = key(request, false).into_vec();
        if asks_server(request) {
            // A server is asked about one service at a time.
            key.extend_from_slice(wanted.service.as_bytes());
            key.push(u8::from(wanted.is_stub));
        }
        Rc::clone(pools.entry(key.into()).or_default())
    }
}

/// Whether the server is asked what it has.
pub(super) fn asks_server(request: &Request<'_>) -> bool {
    request.part(part::PROTO).is_empty() && request.part(part::DESCRIPTORS).is_empty()
}

/// What tells apart the methods that tasks call, or only where they are known from.
fn key(request: &Request<'_>, with_method: bool) -> Box<[u8]> {
    let mut key = Vec::new();
    let mut add = |part: u8| {
        key.extend_from_slice(request.part(part));
        key.push(0);
    };
    [part::PROTO, part::IMPORTS, part::DESCRIPTORS].into_iter().for_each(&mut add);
    if asks_server(request) {
        add(part::TARGET);
    }
    if with_method {
        [part::SERVICE, part::METHOD].into_iter().for_each(add);
    }
    key.push(u8::from(with_method && request.option(option::STUB) != 0));
    key.into()
}

/// Reads descriptors from files, off the shard's thread.
pub(super) async fn read(request: &Request<'_>) -> Result<DescriptorPool, Fault> {
    let paths = |part| -> Vec<PathBuf> {
        let lines = request.part(part).split(|&byte| byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(|line| PathBuf::from(OsStr::from_bytes(line))).collect()
    };
    let [protos, imports, sets] = [part::PROTO, part::IMPORTS, part::DESCRIPTORS].map(paths);
    let read = tokio::task::spawn_blocking(move || {
        if protos.is_empty() { decode(&sets) } else { compile(&protos, imports) }
    });
    let given_up = |_| Fault::new(FaultClass::Generator, "reading descriptors was given up");
    read.await.map_err(given_up)?
}

fn compile(protos: &[PathBuf], mut folders: Vec<PathBuf>) -> Result<DescriptorPool, Fault> {
    for proto in protos {
        if !folders.iter().any(|folder| proto.starts_with(folder)) {
            folders.push(proto.parent().unwrap_or(Path::new("")).to_owned());
        }
    }
    let unusable = |error: protox::Error| plan(format!("the descriptors are not usable: {error}"));
    let mut compiler = protox::Compiler::new(folders).map_err(unusable)?;
    compiler.open_files(protos).map_err(unusable)?;
    Ok(compiler.descriptor_pool())
}

fn decode(sets: &[PathBuf]) -> Result<DescriptorPool, Fault> {
    let mut pool = DescriptorPool::new();
    for set in sets {
        let unusable =
            |error: &dyn fmt::Display| plan(format!("{} is not usable: {error}", set.display()));
        let bytes = std::fs::read(set).map_err(|error| unusable(&error))?;
        pool.decode_file_descriptor_set(&*bytes).map_err(|error| unusable(&error))?;
    }
    Ok(pool)
}

impl Method {
    /// Finds what is wanted among descriptors.
    pub(super) fn find(pool: &DescriptorPool, wanted: Wanted<'_>) -> Result<Self, Fault> {
        let service = service(pool, wanted)?;
        let found = service.methods().find(|method| method.name() == wanted.method);
        let Some(method) = found else {
            let names = some(service.methods().map(|method| method.name().to_owned()));
            return Err(plan(format!(
                "the service `{}` has no method `{}`; it has {names}",
                service.full_name(),
                wanted.method
            )));
        };
        Ok(Self::of(&service, &method))
    }

    fn of(service: &ServiceDescriptor, method: &MethodDescriptor) -> Self {
        Self {
            path: format!("/{}/{}", service.full_name(), method.name()),
            input: method.input(),
            output: method.output(),
            streams: (method.is_client_streaming(), method.is_server_streaming()),
            last: RefCell::default(),
        }
    }

    pub(super) const fn streams_requests(&self) -> bool {
        self.streams.0
    }

    pub(super) const fn streams_replies(&self) -> bool {
        self.streams.1
    }

    /// Whether the method is what the task says it is: a position in [`KINDS`] and one more.
    pub(super) fn check(&self, said: i64) -> Result<(), Fault> {
        let kind = match self.streams {
            (false, false) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (true, true) => 3,
        };
        let Some(said) = usize::try_from(said).ok().and_then(|said| said.checked_sub(1)) else {
            return Ok(());
        };
        if said == kind {
            return Ok(());
        }
        let name = |kind: usize| KINDS.get(kind).copied().unwrap_or_default();
        let (path, is, said) = (&self.path, name(kind), name(said));
        Err(plan(format!("`rpc` says {said}, and the descriptors say that {path} is {is}")))
    }
}

fn service(pool: &DescriptorPool, wanted: Wanted<'_>) -> Result<ServiceDescriptor, Fault> {
    let Wanted { service: name, is_stub, .. } = wanted;
    let found: Vec<_> = if is_stub {
        pool.services().filter(|service| service.name() == name).collect()
    } else {
        pool.get_service_by_name(name).into_iter().collect()
    };
    let names = |services: &mut dyn Iterator<Item = ServiceDescriptor>| {
        some(services.map(|service| service.full_name().to_owned()))
    };
    match found.as_slice() {
        [service] => Ok(service.clone()),
        [] => {
            let all = names(&mut pool.services());
            Err(plan(format!("the descriptors have no service `{name}`; they have {all}")))
        }
        several => {
            let several = names(&mut several.iter().cloned());
            Err(plan(format!("several services are called `{name}`: {several}; give `service`")))
        }
    }
}

/// Some names, in order.
fn some(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.sort_unstable();
    let left = names.len().saturating_sub(5);
    names.truncate(5);
    let mut text = names.join(", ");
    if left > 0 {
        text.push_str(&format!(" and {left} more"));
    }
    text
}

pub(super) fn plan(text: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Plan, text)
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Methods").field("known", &self.known.borrow().len()).finish_non_exhaustive()
    }
}
