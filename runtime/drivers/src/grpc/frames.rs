//! Messages between the bytes of a stream: a byte that says whether they are compressed, four for
//! the length, the message.

use std::io::Read as _;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use flate2::read::GzDecoder;
use ld_vm::{Fault, FaultClass};
use prost::Message;

/// What stands before each message, in bytes.
const HEAD: usize = 5;

/// Appends a message.
///
/// # Errors
/// When it is too long for the four bytes.
pub(super) fn push(message: &impl Message, out: &mut BytesMut) -> Result<(), Fault> {
    let len = u32::try_from(message.encoded_len())
        .map_err(|_| Fault::new(FaultClass::Plan, "a message of 4 GiB or more cannot be sent"))?;
    out.put_u8(0);
    out.put_u32(len);
    // The buffer grows as needed, so encoding has nothing to complain about.
    let _ = message.encode(out);
    Ok(())
}

/// Finds the messages in what comes.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: BytesMut,
    most_bytes: usize,
    is_gzip: bool,
}

impl Frames {
    /// Messages may have `most_bytes`, compressed or not.
    pub(super) fn new(most_bytes: usize, is_gzip: bool) -> Self {
        Self { buffer: BytesMut::new(), most_bytes, is_gzip }
    }

    /// Takes what came and hands over the messages that are complete.
    pub(super) fn take(
        &mut self,
        data: &[u8],
        message: &mut impl FnMut(Bytes) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.buffer.extend_from_slice(data);
        while let Some((head, _)) = self.buffer.split_first_chunk::<HEAD>() {
            let [compressed, len @ ..] = *head;
            let len = u32::from_be_bytes(len) as usize;
            if len > self.most_bytes {
                return Err(self.too_large());
            }
            if self.buffer.len() < HEAD + len {
                break;
            }
            self.buffer.advance(HEAD);
            let bytes = self.buffer.split_to(len).freeze();
            message(match compressed {
                0 => bytes,
                1 if self.is_gzip => self.inflate(&bytes)?,
                _ => {
                    let text = "a message is compressed in a way that was not offered";
                    return Err(Fault::new(FaultClass::Protocol, text));
                }
            })?;
        }
        Ok(())
    }

    /// Whether nothing is left of a message.
    pub(super) fn is_at_end(&self) -> bool {
        self.buffer.is_empty()
    }

    fn inflate(&self, bytes: &[u8]) -> Result<Bytes, Fault> {
        let mut message = Vec::new();
        let most = self.most_bytes as u64 + 1;
        GzDecoder::new(bytes).take(most).read_to_end(&mut message).map_err(|_| {
            Fault::new(FaultClass::Protocol, "a message cannot be decompressed with gzip")
        })?;
        if message.len() > self.most_bytes { Err(self.too_large()) } else { Ok(message.into()) }
    }

    fn too_large(&self) -> Fault {
        let text = format!(
            "RESOURCE_EXHAUSTED: a message is larger than the {} bytes of `max_message_bytes`",
            self.most_bytes
        );
        Fault::new(FaultClass::Protocol, text)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn taken(frames: &mut Frames, data: &[u8]) -> Result<Vec<Bytes>, Fault> {
        let mut messages = Vec::new();
        frames.take(data, &mut |message| {
            messages.push(message);
            Ok(())
        })?;
        Ok(messages)
    }

    fn framed(compressed: u8, message: &[u8]) -> Vec<u8> {
        let mut bytes = vec![compressed];
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
        bytes
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let bytes = [framed(0, b"one"), framed(0, b""), framed(0, b"three")].concat();
        for cut in 0..bytes.len() {
            let mut frames = Frames::new(5, false);
            let mut messages = taken(&mut frames, &bytes[..cut]).unwrap();
            messages.extend(taken(&mut frames, &bytes[cut..]).unwrap());
            assert_eq!(messages, [b"one".as_slice(), b"", b"three"]);
            assert!(frames.is_at_end());
        }
        let mut frames = Frames::new(5, false);
        taken(&mut frames, &bytes[..7]).unwrap();
        assert!(!frames.is_at_end());
    }

    #[test]
    fn compressed_messages_are_bounded_like_others() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&[b'a'; 100]).unwrap();
        let bytes = framed(1, &encoder.finish().unwrap());
        assert_eq!(taken(&mut Frames::new(100, true), &bytes).unwrap(), [vec![b'a'; 100]]);
        let fault = taken(&mut Frames::new(99, true), &bytes).unwrap_err();
        assert!(fault.text.contains("larger than the 99 bytes"), "{}", fault.text);
        let fault = taken(&mut Frames::new(100, false), &bytes).unwrap_err();
        assert!(fault.text.contains("not offered"), "{}", fault.text);
        let fault = taken(&mut Frames::new(100, true), &framed(1, b"no gzip")).unwrap_err();
        assert!(fault.text.contains("gzip"), "{}", fault.text);
    }

    #[test]
    fn a_length_alone_takes_no_memory() {
        let fault = taken(&mut Frames::new(100, false), &[0, 0xff, 0xff, 0xff, 0xff]).unwrap_err();
        assert_eq!(fault.class, FaultClass::Protocol);
    }
}
