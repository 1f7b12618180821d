//! Sending: the reply becomes bytes, generated ones a block at a time.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::{Answered, Connection, too_slow};
use crate::reply::{FILLER_BLOCK, Payload, filler};

impl Connection<'_> {
    /// Sends the reply; whether the connection can take another request.
    pub(super) async fn send(&mut self, answered: &Answered) -> io::Result<bool> {
        let Answered { keep_alive, http10, head_only } = *answered;
        let payload = self.reply.payload;
        // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
        let chunks = matches!(payload, Payload::FillerChunks { .. } | Payload::Lines { .. });
        let keep_alive = keep_alive && !self.reply.close && !(chunks && http10);
        if !self.reply.delay.is_zero() {
            tokio::time::sleep(self.reply.delay).await;
        }
        self.output.clear();
        self.reply.write_head(&mut self.output, keep_alive, http10);
        if !head_only && self.reply.may_have_body() {
            match payload {
                Payload::Held => self.output.extend_from_slice(&self.reply.body),
                Payload::Filler { len } => self.filler_body(len).await?,
                Payload::FillerChunks { len, size } => self.chunks(len, size, http10).await?,
                Payload::Lines { count, pause } => self.lines(count, pause, http10).await?,
            }
        }
        self.flush().await?;
        Ok(keep_alive)
    }

    async fn filler_body(&mut self, len: u64) -> io::Result<()> {
        let mut sent = 0;
        while sent < len {
            let piece = len.saturating_sub(sent).min(FILLER_BLOCK as u64);
            self.output.extend_from_slice(filler(sent, piece));
            sent = sent.saturating_add(piece);
            self.flush_block().await?;
        }
        Ok(())
    }

    async fn chunks(&mut self, len: u64, size: usize, http10: bool) -> io::Result<()> {
        let mut sent: u64 = 0;
        while sent < len {
            let chunk = (size as u64).min(len.saturating_sub(sent));
            self.chunk_start(chunk, http10);
            let end = sent.saturating_add(chunk);
            while sent < end {
                let piece = end.saturating_sub(sent).min(FILLER_BLOCK as u64);
                self.output.extend_from_slice(filler(sent, piece));
                sent = sent.saturating_add(piece);
                self.flush_block().await?;
            }
            self.chunk_end(http10);
        }
        if !http10 {
            self.output.extend_from_slice(format!("0\r\nX-Length: {len}\r\n\r\n").as_bytes());
        }
        Ok(())
    }

    async fn lines(&mut self, count: u64, pause: Duration, http10: bool) -> io::Result<()> {
        for number in 1..=count {
            if number > 1 && !pause.is_zero() {
                self.flush().await?;
                tokio::time::sleep(pause).await;
            }
            let line = format!("{{\"line\":{number},\"of\":{count}}}\n");
            self.chunk_start(line.len() as u64, http10);
            self.output.extend_from_slice(line.as_bytes());
            self.chunk_end(http10);
            self.flush_block().await?;
        }
        if !http10 {
            self.output.extend_from_slice(b"0\r\n\r\n");
        }
        Ok(())
    }

    fn chunk_start(&mut self, size: u64, http10: bool) {
        if !http10 {
            self.output.extend_from_slice(format!("{size:x}\r\n").as_bytes());
        }
    }

    fn chunk_end(&mut self, http10: bool) {
        if !http10 {
            self.output.extend_from_slice(b"\r\n");
        }
    }

    /// Flushes once a block has come together.
    async fn flush_block(&mut self) -> io::Result<()> {
        if self.output.len() < FILLER_BLOCK { Ok(()) } else { self.flush().await }
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let due = Instant::now() + self.shared.limits.transfer;
        let write = self.stream.write_all(&self.output);
        self.watchdog.until(due, write).await.ok_or_else(too_slow)??;
        self.output.clear();
        Ok(())
    }
}
