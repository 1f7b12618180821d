//! What goes wrong, in words and classes of the plan's author.

use ld_vm::{Fault, FaultClass};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::connection::MOST_MESSAGE_BYTES;
use crate::net::io_fault;

/// A handshake that did not succeed.
pub(super) fn handshake_failed(error: Error) -> Fault {
    let text = match error {
        Error::Http(response) => {
            let text =
                format!("the server answered the WebSocket handshake with {}", response.status());
            return Fault::new(FaultClass::Status, text);
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(error)) => match error {
            SubProtocolError::NoSubProtocol => {
                "the server took none of the subprotocols".to_owned()
            }
            _ => "the server chose a subprotocol that was not offered".to_owned(),
        },
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            let text = "the server closed the connection during the WebSocket handshake";
            return Fault::new(FaultClass::Closed, text);
        }
        Error::Protocol(error) => format!("the WebSocket handshake failed: {error}"),
        error => return ws_fault(error),
    };
    Fault::new(FaultClass::Protocol, text)
}

/// An error on an open connection.
pub(super) fn ws_fault(error: Error) -> Fault {
    let (class, text) = match error {
        Error::Io(error) => return io_fault(&error),
        Error::ConnectionClosed | Error::AlreadyClosed => {
            (FaultClass::Closed, "the connection is closed".to_owned())
        }
        Error::Protocol(ProtocolError::SendAfterClosing) => {
            (FaultClass::Closed, "the connection is being closed".to_owned())
        }
        Error::Protocol(error) => {
            (FaultClass::Protocol, format!("the server broke the WebSocket protocol: {error}"))
        }
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            let limit = MOST_MESSAGE_BYTES >> 20;
            (FaultClass::Protocol, format!("a message is larger than {limit} MiB"))
        }
        Error::Utf8(_) => (FaultClass::Protocol, "a text message is not UTF-8".to_owned()),
        Error::Url(_) | Error::HttpFormat(_) => {
            (FaultClass::Plan, format!("the handshake cannot be sent: {error}"))
        }
        error => (FaultClass::Protocol, error.to_string()),
    };
    Fault::new(class, text)
}

/// Whether the server has closed the connection without saying so.
pub(super) fn is_gone(error: &ProtocolError) -> bool {
    *error == ProtocolError::ResetWithoutClosingHandshake
}

/// The server has said goodbye when a message was waited for.
pub(super) fn ended(frame: Option<&CloseFrame>) -> Fault {
    let text = match frame {
        None => "the server closed the connection".to_owned(),
        Some(frame) if frame.reason.is_empty() => {
            format!("the server closed the connection with {}", u16::from(frame.code))
        }
        Some(frame) => {
            let code = u16::from(frame.code);
            format!("the server closed the connection with {code}: {}", frame.reason)
        }
    };
    Fault::new(FaultClass::Closed, text)
}
