//! One call on a connection.

use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, Request, StatusCode, Uri};
use ld_vm::{Fault, FaultClass};

use super::frames::Frames;
use super::metadata::Ending;
use crate::driver::Stamps;
use crate::h2::{Failure, Open};
use crate::net::Net;

/// As much is handed over at once, in bytes: what waits for the server to take it stays small.
const PIECE: usize = 64 * 1024;

/// A call.
pub(super) struct Call<'c> {
    pub(super) net: &'c Net,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// The messages as they go over the stream.
    pub(super) messages: Bytes,
    /// The most bytes a message from the server may have.
    pub(super) most_bytes: usize,
}

impl Call<'_> {
    /// Sends the messages and hands over those that come back, until the server says how the call
    /// ended. Both ways go on side by side.
    pub(super) async fn run(
        self,
        open: &mut Open,
        stamps: &mut Stamps,
        message: &mut impl FnMut(Bytes) -> Result<(), Fault>,
    ) -> Result<Ending, Failure> {
        let Self { net, uri, headers, messages, most_bytes } = self;
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let is_empty = messages.is_empty();
        let (response, stream) = begin(open, request, is_empty).await.map_err(unsent)?;
        let mut is_sent = is_empty;
        let mut sending = pin!(send(stream, messages));
        let mut receiving = pin!(receive(net, response, most_bytes, stamps, message));
        poll_fn(|cx| {
            // Why nothing more can be sent is told by what is received.
            if !is_sent && sending.as_mut().poll(cx).is_ready() {
                is_sent = true;
            }
            receiving.as_mut().poll(cx)
        })
        .await
    }
}

async fn begin(
    open: &mut Open,
    request: Request<()>,
    is_empty: bool,
) -> Result<(ResponseFuture, SendStream<Bytes>), Failure> {
    Ok(open.ready().await?.send_request(request, is_empty)?)
}

/// The failure of a call that the server has not seen anything of.
fn unsent(failure: Failure) -> Failure {
    let is_cut = failure.fault.class != FaultClass::Plan;
    Failure { is_unprocessed: is_cut, is_cut, ..failure }
}

/// Sends messages as fast as the server takes them.
async fn send(mut stream: SendStream<Bytes>, mut messages: Bytes) -> Result<(), h2::Error> {
    while !messages.is_empty() {
        stream.reserve_capacity(messages.len().min(PIECE));
        while stream.capacity() == 0 {
            match poll_fn(|cx| stream.poll_capacity(cx)).await {
                Some(capacity) => capacity?,
                // The server wants no more of it.
                None => return Ok(()),
            };
        }
        let piece = messages.split_to(stream.capacity().min(messages.len()).min(PIECE));
        stream.send_data(piece, messages.is_empty())?;
    }
    Ok(())
}

async fn receive(
    net: &Net,
    response: ResponseFuture,
    most_bytes: usize,
    stamps: &mut Stamps,
    message: &mut impl FnMut(Bytes) -> Result<(), Fault>,
) -> Result<Ending, Failure> {
    let response = response.await?;
    stamps.first_byte_ns = net.now_ns();
    let (head, mut body) = response.into_parts();
    let mut ending = Ending::default();
    // A call that fails at once has what other calls have in the end in its head.
    let is_told = ending.read(&head.headers);
    ending.headers = head.headers;
    if !is_told && let Some(ended) = without_grpc(head.status, &ending.headers)? {
        ending.status = ended;
        ending.message = format!("HTTP {}", head.status.as_u16());
        return Ok(ending);
    }
    let is_gzip = ending.headers.get("grpc-encoding").is_some_and(|coding| coding == "gzip");
    let mut frames = Frames::new(most_bytes, is_gzip);
    let trailers = read(&mut body, &mut frames, message).await?;
    if !ending.read(&trailers) && !is_told {
        let text = "the server ended the call without a status";
        return Err(Fault::new(FaultClass::Protocol, text).into());
    }
    ending.trailers = trailers;
    if ending.status == 0 && !frames.is_at_end() {
        let text = "the server ended the call in the middle of a message";
        return Err(Fault::new(FaultClass::Protocol, text).into());
    }
    Ok(ending)
}

async fn read(
    body: &mut RecvStream,
    frames: &mut Frames,
    message: &mut impl FnMut(Bytes) -> Result<(), Fault>,
) -> Result<HeaderMap, Failure> {
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        frames.take(&data, message)?;
    }
    Ok(body.trailers().await?.unwrap_or_default())
}

/// The status that stands for a reply of something that does not speak gRPC, such as a proxy.
fn without_grpc(status: StatusCode, headers: &HeaderMap) -> Result<Option<i64>, Fault> {
    if status == StatusCode::OK {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        return match kind {
            Some(kind) if kind.starts_with("application/grpc") => Ok(None),
            _ => {
                let text = "the reply is not one of gRPC: it has another content type";
                Err(Fault::new(FaultClass::Protocol, text))
            }
        };
    }
    Ok(Some(match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }))
}
