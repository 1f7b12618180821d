//! What the system reports, in words and classes of the plan's author.

use std::io::{self, ErrorKind};

use ld_vm::{Fault, FaultClass};
use rustix::io::Errno;

use super::tls;

/// What the generator itself can run out of. No peer is to blame for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Local ports, or local addresses that reach the target.
    Ports,
    /// File descriptors, of the process or of the system.
    Descriptors,
    /// Memory for sockets.
    Memory,
}

impl Shortage {
    /// What an error says has run out, if that is what it says.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        match Errno::from_io_error(error)? {
            // Only the system chooses ports here, so one in use means that none was free.
            Errno::ADDRNOTAVAIL | Errno::ADDRINUSE => Some(Self::Ports),
            Errno::MFILE | Errno::NFILE => Some(Self::Descriptors),
            Errno::NOBUFS | Errno::NOMEM => Some(Self::Memory),
            _ => None,
        }
    }
}

/// The fault for an error on an open connection.
#[must_use]
pub fn io_fault(error: &io::Error) -> Fault {
    if let Some(fault) = shortage_fault(error) {
        return fault;
    }
    if let Some(error) = tls::tls_error(error) {
        return Fault::new(FaultClass::Tls, tls::describe(error));
    }
    let (class, text) = match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            (FaultClass::Reset, "the server reset the connection".to_owned())
        }
        ErrorKind::UnexpectedEof => {
            (FaultClass::Closed, "the server closed the connection".to_owned())
        }
        ErrorKind::TimedOut => {
            (FaultClass::Timeout, "the server stopped acknowledging what was sent".to_owned())
        }
        // A datagram that nobody takes is refused after it was sent.
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => (FaultClass::Connect, words(error)),
        _ => (FaultClass::Reset, format!("the connection broke: {error}")),
    };
    Fault::new(class, text)
}

/// The fault for an error that says what the generator ran out of, and what to do about it.
pub(super) fn shortage_fault(error: &io::Error) -> Option<Fault> {
    let text = match Shortage::of(error)? {
        Shortage::Ports => {
            "the load generator has no free local port or address for this target; keep \
             connections open, or use more source addresses or machines"
        }
        Shortage::Descriptors if Errno::from_io_error(error) == Some(Errno::NFILE) => {
            "the load generator's system has no file descriptors left"
        }
        Shortage::Descriptors => {
            "the load generator has no file descriptors left; raise the limit (ulimit -n)"
        }
        Shortage::Memory => "the load generator has no memory left for sockets",
    };
    Some(Fault::new(FaultClass::Generator, text))
}

/// The system's word for a failed connect, without error numbers.
pub(super) fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::HostUnreachable => "the host is unreachable".to_owned(),
        ErrorKind::NetworkUnreachable => "the network is unreachable".to_owned(),
        ErrorKind::NetworkDown => "the network is down".to_owned(),
        ErrorKind::TimedOut => "the host does not answer".to_owned(),
        ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        ErrorKind::PermissionDenied => "not permitted".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_generator_lacks_is_not_blamed_on_the_server() {
        for (errno, lacks) in [
            (Errno::MFILE, "no file descriptors"),
            (Errno::NFILE, "no file descriptors"),
            (Errno::ADDRNOTAVAIL, "no free local port"),
            (Errno::ADDRINUSE, "no free local port"),
            (Errno::NOBUFS, "no memory"),
        ] {
            let fault = io_fault(&errno.into());
            assert_eq!(fault.class, FaultClass::Generator);
            assert!(fault.text.starts_with("the load generator"), "{}", fault.text);
            assert!(fault.text.contains(lacks), "{}", fault.text);
        }
    }

    #[test]
    fn broken_connections_have_their_class() {
        for (errno, class) in [
            (Errno::CONNRESET, FaultClass::Reset),
            (Errno::PIPE, FaultClass::Reset),
            (Errno::TIMEDOUT, FaultClass::Timeout),
            (Errno::HOSTUNREACH, FaultClass::Connect),
        ] {
            assert_eq!(io_fault(&errno.into()).class, class);
        }
        let end = io::Error::from(ErrorKind::UnexpectedEof);
        assert_eq!(io_fault(&end).class, FaultClass::Closed);
    }
}
