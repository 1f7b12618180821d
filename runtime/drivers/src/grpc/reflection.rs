//! What a server says about its methods: `grpc.reflection.v1`, or the version before it.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use http::Uri;
use ld_stdlib::protocols::grpc::status_name;
use ld_vm::{Fault, FaultClass};
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::FileDescriptorProto;
use protox::file::{FileResolver as _, GoogleFileResolver};

use super::call::Call;
use super::frames;
use super::metadata;
use super::methods::{Wanted, plan};
use crate::driver::Stamps;
use crate::h2::{Failure, Open};
use crate::net::Net;

/// The versions of the service, the one to ask first first.
const SERVICES: [&str; 2] =
    ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// The most bytes of an answer.
const MOST_BYTES: usize = 16 << 20;

/// The most files a service may be made of.
const MOST_FILES: usize = 2000;

/// The status of a server that does not have a method.
const UNIMPLEMENTED: i64 = 12;

#[derive(Clone, PartialEq, Message)]
struct Ask {
    #[prost(oneof = "Question", tags = "3, 4, 7")]
    question: Option<Question>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Question {
    #[prost(string, tag = "3")]
    File(String),
    #[prost(string, tag = "4")]
    FileOfSymbol(String),
    #[prost(string, tag = "7")]
    Services(String),
}

#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(oneof = "Told", tags = "4, 6, 7")]
    told: Option<Told>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Told {
    #[prost(message, tag = "4")]
    Files(Files),
    #[prost(message, tag = "6")]
    Services(Services),
    #[prost(message, tag = "7")]
    Error(Refusal),
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    files: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    services: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Refusal {
    #[prost(int32, tag = "1")]
    status: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Somebody to ask.
pub(super) struct Server<'s> {
    pub(super) net: &'s Net,
    pub(super) open: Open,
    /// `scheme://authority`.
    pub(super) origin: &'s str,
    /// The plan's metadata, which may be what lets a user in.
    pub(super) metadata: &'s [u8],
    /// Which of [`SERVICES`] it has.
    version: usize,
}

impl<'s> Server<'s> {
    pub(super) fn new(net: &'s Net, open: Open, origin: &'s str, metadata: &'s [u8]) -> Self {
        Self { net, open, origin, metadata, version: 0 }
    }

    /// Everything about the services that may be meant, and what these are made of.
    pub(super) async fn descriptors(
        &mut self,
        wanted: Wanted<'_>,
    ) -> Result<DescriptorPool, Failure> {
        let names = if wanted.is_stub {
            let services = match self.ask(Question::Services(String::new())).await? {
                Told::Services(Services { services }) => services,
                told => return Err(unexpected(told).into()),
            };
            let is_meant = |name: &String| name.rsplit('.').next() == Some(wanted.service);
            services.into_iter().map(|service| service.name).filter(is_meant).collect()
        } else {
            vec![wanted.service.to_owned()]
        };
        let mut files = BTreeMap::new();
        for name in names {
            let told = self.ask(Question::FileOfSymbol(name.clone())).await?;
            if let Told::Error(refusal) = told {
                let text =
                    format!("the server's reflection does not know `{name}`: {}", refusal.message);
                return Err(plan(text).into());
            }
            take(told, &mut files)?;
        }
        while let Some(missing) = missing(&files) {
            if files.len() >= MOST_FILES {
                let text = "the server's descriptors are of more than 2000 files";
                return Err(Fault::new(FaultClass::Protocol, text).into());
            }
            let told = self.ask(Question::File(missing.clone())).await?;
            match take(told, &mut files) {
                Ok(()) if files.contains_key(&missing) => {}
                outcome => {
                    // Servers may leave out the files that everybody has.
                    let Ok(file) = GoogleFileResolver::new().open_file(&missing) else {
                        outcome?;
                        let text = format!("the server's reflection does not have `{missing}`");
                        return Err(Fault::new(FaultClass::Protocol, text).into());
                    };
                    files.insert(missing, file.file_descriptor_proto().clone());
                }
            }
        }
        build(files).map_err(Into::into)
    }

    async fn ask(&mut self, question: Question) -> Result<Told, Failure> {
        loop {
            let (status, message, answer) = self.ask_version(question.clone()).await?;
            if status == UNIMPLEMENTED && self.version + 1 < SERVICES.len() {
                self.version += 1;
                continue;
            }
            if status == UNIMPLEMENTED {
                return Err(
                    plan("the server has no reflection; give proto or descriptor_set").into()
                );
            }
            if status != 0 {
                let text = format!("reflection: {}: {message}", status_name(status));
                return Err(Fault::new(FaultClass::Status, text).into());
            }
            return answer.and_then(|answer| answer.told).ok_or_else(|| {
                Fault::new(FaultClass::Protocol, "the server's reflection says nothing").into()
            });
        }
    }

    async fn ask_version(
        &mut self,
        question: Question,
    ) -> Result<(i64, String, Option<Answer>), Failure> {
        let service = SERVICES.get(self.version).copied().unwrap_or_default();
        let uri = format!("{}/{service}/ServerReflectionInfo", self.origin);
        let mut messages = BytesMut::new();
        frames::push(&Ask { question: Some(question) }, &mut messages)?;
        let call = Call {
            net: self.net,
            uri: uri.parse::<Uri>().map_err(Failure::unsendable)?,
            headers: metadata::headers(self.metadata, None)?,
            messages: messages.freeze(),
            most_bytes: MOST_BYTES,
        };
        let mut answer = None;
        let mut take = |bytes: Bytes| {
            answer = Some(Answer::decode(bytes).map_err(malformed)?);
            Ok(())
        };
        let ending = call.run(&mut self.open, &mut Stamps::default(), &mut take).await?;
        Ok((ending.status, ending.message, answer))
    }
}

fn take(told: Told, files: &mut BTreeMap<String, FileDescriptorProto>) -> Result<(), Fault> {
    let Told::Files(told) = told else {
        return Err(unexpected(told));
    };
    for bytes in told.files {
        let file = FileDescriptorProto::decode(bytes).map_err(malformed)?;
        files.insert(file.name().to_owned(), file);
    }
    Ok(())
}

/// A file that one of these imports and that is not among them.
fn missing(files: &BTreeMap<String, FileDescriptorProto>) -> Option<String> {
    let mut imports = files.values().flat_map(|file| &file.dependency);
    imports.find(|import| !files.contains_key(*import)).cloned()
}

fn build(files: BTreeMap<String, FileDescriptorProto>) -> Result<DescriptorPool, Fault> {
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_protos(files.into_values()).map_err(|error| {
        let text = format!("the server's descriptors are not usable: {error}");
        Fault::new(FaultClass::Protocol, text)
    })?;
    Ok(pool)
}

fn malformed(error: prost::DecodeError) -> Fault {
    Fault::new(FaultClass::Protocol, format!("the server's reflection is malformed: {error}"))
}

fn unexpected(told: Told) -> Fault {
    match told {
        Told::Error(refusal) => {
            Fault::new(FaultClass::Status, format!("reflection: {}", refusal.message))
        }
        _ => Fault::new(FaultClass::Protocol, "the server's reflection answers something else"),
    }
}
