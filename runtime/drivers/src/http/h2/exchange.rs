//! One request and its reply on a connection that may carry others at the same time.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use h2::SendStream;
use h2::client::ResponseFuture;

use super::{Failure, Open, form};
use crate::driver::Stamps;
use crate::http::buffers::Buffers;
use crate::http::received::Received;
use crate::http::wire::Progress;
use crate::net::Net;

/// As much of a body is handed over at once, in bytes: what is copied and not yet sent stays small.
const PIECE: usize = 64 * 1024;

/// What an exchange works with.
pub(in crate::http) struct Exchange<'x> {
    pub(in crate::http) net: &'x Net,
    pub(in crate::http) buffers: &'x Buffers,
    pub(in crate::http) received: &'x mut Received,
    pub(in crate::http) stamps: &'x mut Stamps,
    /// How far it has come, which is asked when it is given up.
    pub(in crate::http) phase: &'x Cell<Phase>,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Phase {
    Sending,
    Waiting,
    Receiving,
}

impl Exchange<'_> {
    /// Sends a request to `origin` and receives the reply, which is then where one over HTTP/1.1
    /// would be. The body is what stands behind the head, and the pieces. Both ways go on side by
    /// side, because a server may answer before it has read everything.
    pub(in crate::http) async fn run<'b>(
        self,
        open: &mut Open,
        origin: &[u8],
        head: &'b [u8],
        pieces: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> Result<(), Failure> {
        let (request, first) = form::request(origin, head)?;
        let pieces = [first].into_iter().chain(pieces);
        let len: usize = pieces.clone().map(<[u8]>::len).sum();
        let (response, stream) = open.ready().await?.send_request(request, len == 0)?;
        let phase = self.phase;
        let mut is_sent = len == 0;
        if is_sent {
            phase.set(Phase::Waiting);
        }
        let mut sending = pin!(send(stream, pieces, len));
        let mut receiving = pin!(self.receive(response));
        poll_fn(|cx| {
            // Why nothing more can be sent is told by what is received.
            if !is_sent && sending.as_mut().poll(cx).is_ready() {
                is_sent = true;
                if phase.get() == Phase::Sending {
                    phase.set(Phase::Waiting);
                }
            }
            receiving.as_mut().poll(cx)
        })
        .await
    }

    async fn receive(self, response: ResponseFuture) -> Result<(), Failure> {
        let response = response.await?;
        self.phase.set(Phase::Receiving);
        self.stamps.first_byte_ns = self.net.now_ns();
        let Received { reader, buffer, .. } = self.received;
        if buffer.capacity() == 0 {
            *buffer = self.buffers.take();
        }
        form::write_head(&response, buffer);
        let mut progress = reader.feed(buffer)?;
        let mut body = response.into_body();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            buffer.extend(&data);
            progress = reader.feed(buffer)?;
        }
        if progress == Progress::More {
            reader.end(buffer)?;
        }
        Ok(())
    }
}

/// Sends the `left` bytes of a body as fast as the server takes them.
async fn send<'b>(
    mut stream: SendStream<Bytes>,
    pieces: impl Iterator<Item = &'b [u8]>,
    mut left: usize,
) -> Result<(), h2::Error> {
    for mut piece in pieces {
        while !piece.is_empty() {
            stream.reserve_capacity(piece.len().min(PIECE));
            while stream.capacity() == 0 {
                match poll_fn(|cx| stream.poll_capacity(cx)).await {
                    Some(capacity) => capacity?,
                    // The server wants no more of it.
                    None => return Ok(()),
                };
            }
            let count = stream.capacity().min(piece.len()).min(PIECE);
            let (now, later) = piece.split_at(count);
            left = left.saturating_sub(count);
            stream.send_data(Bytes::copy_from_slice(now), left == 0)?;
            piece = later;
        }
    }
    Ok(())
}
