//! What some requests take before they can be put together: files, compressed bodies.

use std::sync::Arc;

use ld_stdlib::compress::{Coding, compress};
use ld_stdlib::protocols::http::{extra, option, part};
use ld_vm::{Fault, Request};

use crate::net::Net;

/// What a request needs beside its parts.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// The files in the body, in their order.
    files: Vec<Arc<[u8]>>,
    /// The body in its content coding.
    coded: Option<Vec<u8>>,
}

impl Extra {
    /// Gets what `request` needs; for one that has bits of [`extra::ELABORATE`].
    pub(super) async fn new(net: &Net, request: &Request<'_>) -> Result<Self, Fault> {
        let extras = request.option(option::EXTRAS);
        let mut made = Self::default();
        if extras & extra::FILES != 0 {
            for position in (part::FILES..request.parts()).step_by(2) {
                made.files.push(net.files.read(request.part(position)).await?);
            }
        }
        let coding = match extras {
            _ if extras & extra::GZIP != 0 => Some(Coding::Gzip),
            _ if extras & extra::DEFLATE != 0 => Some(Coding::Deflate),
            _ => None,
        };
        if let Some(coding) = coding {
            let mut whole = request.part(part::BODY).to_vec();
            made.more(*request).for_each(|piece| whole.extend_from_slice(piece));
            made.coded = Some(compress(coding, &whole));
        }
        Ok(made)
    }

    /// The body before its first file, or all of it.
    pub(super) fn body<'e>(&'e self, request: &Request<'e>) -> &'e [u8] {
        self.coded.as_deref().unwrap_or_else(|| request.part(part::BODY))
    }

    /// What follows: the files and the texts after them.
    pub(super) fn more<'e>(&'e self, request: Request<'e>) -> impl Iterator<Item = &'e [u8]> {
        let files = if self.coded.is_some() { &[] } else { self.files.as_slice() };
        let texts = (part::FILES + 1..).step_by(2).map(move |position| request.part(position));
        files.iter().zip(texts).flat_map(|(file, text)| [&**file, text])
    }
}
