//! Receiving: bytes become a request, and its route fills in the reply.

use std::io;

use tokio::time::Instant;

use super::{Answered, Connection};
use crate::counts::Counts;
use crate::reply::Reply;
use crate::request::{self, BodyFraming, ChunkStep, Framing, Refusal, Request};
use crate::routes;
use crate::server::Shared;

impl Connection<'_> {
    /// Reads a request and fills in the reply; `None` when the client ended the connection.
    pub(super) async fn receive(&mut self) -> io::Result<Option<Result<Answered, Refusal>>> {
        if self.input.is_empty() && !self.read(Instant::now() + self.shared.limits.idle).await? {
            return Ok(None);
        }
        let mut due = None;
        loop {
            match self.try_answer() {
                Ok(Progress::Answered(answered)) => return Ok(Some(Ok(answered))),
                Ok(Progress::Body(framing)) => {
                    let due = due.unwrap_or_else(|| Instant::now() + self.shared.limits.transfer);
                    return self.receive_body(framing, due).await;
                }
                Ok(Progress::Partial) if self.input.len() > self.shared.limits.head => {
                    return Ok(Some(Err(Refusal::HeadTooLarge)));
                }
                Ok(Progress::Partial) => {}
                Err(refusal) => return Ok(Some(Err(refusal))),
            }
            let due = *due.get_or_insert_with(|| Instant::now() + self.shared.limits.transfer);
            if !self.read(due).await? {
                return Ok(None);
            }
        }
    }

    /// Answers the request at the start of the input, if it is whole.
    fn try_answer(&mut self) -> Result<Progress, Refusal> {
        let Self { input, reply, shared, counts, .. } = self;
        let progress = request::with_head(input, |request, framing| {
            if framing.head_len > shared.limits.head {
                return Err(Refusal::HeadTooLarge);
            }
            let BodyFraming::Length(length) = framing.body else {
                return Ok((Progress::Body(framing), 0));
            };
            let length = usize::try_from(length).map_err(|_| Refusal::BodyTooLarge)?;
            if length > shared.limits.body {
                return Err(Refusal::BodyTooLarge);
            }
            let end = framing.head_len.saturating_add(length);
            let Some(body) = input.get(framing.head_len..end) else {
                return Ok((Progress::Body(framing), 0));
            };
            let request = Request { body, ..request };
            Ok((Progress::Answered(answer(&request, framing, shared, counts, reply)), end))
        })?;
        let Some(outcome) = progress else { return Ok(Progress::Partial) };
        let (progress, used) = outcome?;
        self.input.drain(..used);
        Ok(progress)
    }

    /// Reads the body that follows the head, then answers.
    async fn receive_body(
        &mut self,
        framing: Framing,
        due: Instant,
    ) -> io::Result<Option<Result<Answered, Refusal>>> {
        let rest = self.input.split_off(framing.head_len.min(self.input.len()));
        let head = std::mem::replace(&mut self.input, rest);
        if framing.expects_continue {
            self.output.clear();
            self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            self.flush().await?;
        }
        self.body.clear();
        let whole = match framing.body {
            BodyFraming::Length(length) => self.read_length(length, due).await?,
            BodyFraming::Chunked => self.read_chunks(due).await?,
        };
        match whole {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(refusal) => return Ok(Some(Err(refusal))),
        }
        let Self { body, reply, shared, counts, .. } = self;
        let answered = request::with_head(&head, |request, framing| {
            let request = Request { body, ..request };
            answer(&request, framing, shared, counts, reply)
        });
        Ok(answered.transpose())
    }

    /// Moves `length` bytes to the body; `false` when the client ended the connection before.
    async fn read_length(
        &mut self,
        length: u64,
        due: Instant,
    ) -> io::Result<Result<bool, Refusal>> {
        let Ok(length) = usize::try_from(length) else { return Ok(Err(Refusal::BodyTooLarge)) };
        while self.input.len() < length {
            if !self.read(due).await? {
                return Ok(Ok(false));
            }
        }
        self.body.extend(self.input.drain(..length));
        Ok(Ok(true))
    }

    /// The same for a chunked body.
    async fn read_chunks(&mut self, due: Instant) -> io::Result<Result<bool, Refusal>> {
        let max = self.shared.limits.body;
        loop {
            let room = max.saturating_sub(self.body.len());
            match request::chunk(&self.input, room as u64) {
                Ok(ChunkStep::Data { start, end, next }) => {
                    self.body.extend_from_slice(self.input.get(start..end).unwrap_or_default());
                    self.input.drain(..next);
                }
                Ok(ChunkStep::End(next)) => {
                    self.input.drain(..next);
                    return Ok(Ok(true));
                }
                Ok(ChunkStep::Partial) => {
                    if !self.read(due).await? {
                        return Ok(Ok(false));
                    }
                }
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
    }
}

/// How far the request at the start of the input has come.
enum Progress {
    Partial,
    /// Its head is there, its body is not, or not in one piece.
    Body(Framing),
    Answered(Answered),
}

/// Counts a whole request and lets its route fill in the reply.
fn answer(
    request: &Request<'_>,
    framing: Framing,
    shared: &Shared,
    counts: &Counts,
    reply: &mut Reply,
) -> Answered {
    let found = routes::find(request);
    counts.request(found);
    reply.clear();
    routes::answer(request, found, &shared.shop, reply);
    Answered {
        keep_alive: framing.keep_alive,
        http10: framing.http10,
        head_only: request.method == "HEAD",
    }
}
