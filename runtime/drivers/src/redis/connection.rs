//! An open connection: commands out, replies in.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Poll, ready};

use ld_vm::{Fault, FaultClass};
use redis::Value;
use tokio::io::AsyncWrite;

use super::frame::{Frame, MOST_BYTES};
use super::reply;
use crate::driver::Stamps;
use crate::net::{Net, Stream, io_fault};

/// A reply that took more memory than this is freed once it is read.
const KEPT_BYTES: usize = 4 << 10;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    /// What has arrived and not been read.
    received: Vec<u8>,
}

/// Where times and volumes are written down.
pub(super) struct Traffic<'t> {
    pub(super) net: &'t Net,
    pub(super) stamps: &'t mut Stamps,
}

impl Connection {
    pub(super) const fn new(stream: Stream) -> Self {
        Self { stream, received: Vec::new() }
    }

    /// Whether nothing has come that nobody asked for.
    pub(super) const fn is_in_step(&self) -> bool {
        self.received.is_empty()
    }

    /// Sends packed commands and reads as many replies as are to come. Afterwards the connection
    /// is usable only if that worked.
    ///
    /// # Errors
    /// When the connection breaks, or what comes are no replies.
    pub(super) async fn ask(
        &mut self,
        packed: &[u8],
        replies: usize,
        chunk: &RefCell<Box<[u8]>>,
        mut traffic: Traffic<'_>,
    ) -> Result<Vec<Value>, Fault> {
        self.send(packed, &mut traffic).await.map_err(|error| io_fault(&error))?;
        let mut frame = Frame::of(replies as u64);
        let end = loop {
            match frame.advance(&self.received) {
                Ok(Some(end)) => break end,
                Ok(None) if self.received.len() > MOST_BYTES => {
                    return Err(reply::broken("the reply is too large"));
                }
                Ok(None) => self.receive(chunk, &mut traffic).await?,
                Err(why) => return Err(reply::broken(why)),
            }
        };
        let values = reply::values(self.received.get(..end).unwrap_or_default(), replies);
        self.received.drain(..end);
        self.received.shrink_to(KEPT_BYTES);
        values
    }

    async fn send(&mut self, packed: &[u8], traffic: &mut Traffic<'_>) -> std::io::Result<()> {
        let mut sent = 0;
        while let Some(rest) = packed.get(sent..).filter(|rest| !rest.is_empty()) {
            let count = poll_fn(|cx| Pin::new(&mut self.stream).poll_write(cx, rest)).await?;
            if count == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            sent += count;
            traffic.stamps.bytes_out += count as u64;
        }
        poll_fn(|cx| Pin::new(&mut self.stream).poll_flush(cx)).await
    }

    /// One read.
    async fn receive(
        &mut self,
        chunk: &RefCell<Box<[u8]>>,
        traffic: &mut Traffic<'_>,
    ) -> Result<(), Fault> {
        let count = poll_fn(|cx| {
            let mut chunk = chunk.borrow_mut();
            let count = ready!(self.stream.poll_read_into(cx, &mut chunk))?;
            self.received.extend_from_slice(chunk.get(..count).unwrap_or_default());
            Poll::Ready(Ok(count))
        });
        let count = count.await.map_err(|error: std::io::Error| io_fault(&error))?;
        if count == 0 {
            let text = "the server closed the connection before it had replied";
            return Err(Fault::new(FaultClass::Closed, text));
        }
        traffic.stamps.bytes_in += count as u64;
        if traffic.stamps.first_byte_ns == 0 {
            traffic.stamps.first_byte_ns = traffic.net.now_ns();
        }
        Ok(())
    }
}
