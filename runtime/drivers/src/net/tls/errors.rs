//! TLS failures in words: what is wrong with the server, its certificate or ours.

use std::io::{self, ErrorKind};

use ld_vm::{Fault, FaultClass};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::super::Endpoint;
use super::super::fault::{io_fault, words};

/// What rustls said, inside the I/O error it was wrapped in.
pub(in super::super) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The fault for a handshake that failed.
pub(in super::super) fn handshake_fault(endpoint: &Endpoint, error: &io::Error) -> Fault {
    if let Some(error) = tls_error(error) {
        return Fault::new(FaultClass::Tls, format!("TLS with {endpoint}: {}", describe(error)));
    }
    let why = match error.kind() {
        ErrorKind::UnexpectedEof => "the server closed the connection during the handshake".into(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "the server reset the connection during the handshake".into()
        }
        _ => {
            let fault = io_fault(error);
            if fault.class == FaultClass::Generator {
                return fault;
            }
            words(error)
        }
    };
    Fault::new(FaultClass::Tls, format!("TLS with {endpoint}: {why}"))
}

/// A TLS error for a person.
pub(in super::super) fn describe(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what the server says is not TLS; does the port speak plain text?".to_owned()
        }
        Error::AlertReceived(alert) => alert_received(*alert),
        Error::PeerIncompatible(why) => {
            format!("the server and this program have no TLS version or cipher in common ({why:?})")
        }
        Error::NoApplicationProtocol => {
            "the server speaks none of the offered application protocols".to_owned()
        }
        Error::NoCertificatesPresented => "the server showed no certificate".to_owned(),
        error => error.to_string(),
    }
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "the server's certificate is from an authority that is not trusted; name the \
             authority's file as `verify`, or accept any certificate with `verify`: false"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet"
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            return not_for_name(&expected.to_str(), presented);
        }
        CertificateError::NotValidForName => "the server's certificate is for another name",
        CertificateError::Revoked => "the server's certificate has been revoked",
        CertificateError::BadSignature => {
            "the server's certificate is not signed by the authority it names"
        }
        CertificateError::BadEncoding => "the server's certificate cannot be read",
        // What `openssl req -x509` makes: it signs itself, as only authorities do.
        CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is that of an authority, signed by itself; name its file as \
             `verify`, or accept any certificate with `verify`: false"
        }
        error => return format!("the server's certificate is not valid: {error}"),
    }
    .to_owned()
}

fn not_for_name(expected: &str, presented: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = format!("the server's certificate is not for {expected}");
    for (index, name) in presented.iter().take(SHOWN).enumerate() {
        text.push_str(if index == 0 { " but for " } else { ", " });
        text.push_str(dns_name(name));
    }
    if presented.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

/// The name within rustls's debug form of a subject name, `DnsName("a.example")`.
fn dns_name(presented: &str) -> &str {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(presented).trim_matches('"')
}

fn alert_received(alert: AlertDescription) -> String {
    let why = match alert {
        AlertDescription::HandshakeFailure => "no cipher or parameter suits it",
        AlertDescription::ProtocolVersion => "no TLS version suits it",
        AlertDescription::UnrecognisedName => "it does not know the host name",
        AlertDescription::CertificateRequired => "it wants a client certificate (`cert`)",
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied
        // Of a signature that is not by whom it should be (RFC 8446 §6.2).
        | AlertDescription::DecryptError
        | AlertDescription::UnknownCA => "it does not accept the client certificate",
        AlertDescription::NoApplicationProtocol => {
            "it speaks none of the offered application protocols"
        }
        _ => return format!("the server refused: {alert:?}"),
    };
    format!("the server refused: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_does_not_match_is_told_with_those_that_would() {
        let presented: Vec<String> =
            ["a", "b", "c", "d"].iter().map(|name| format!("DnsName(\"{name}\")")).collect();
        assert_eq!(
            not_for_name("shop", &presented),
            "the server's certificate is not for shop but for a, b, c, …"
        );
        assert_eq!(not_for_name("shop", &[]), "the server's certificate is not for shop");
    }
}
