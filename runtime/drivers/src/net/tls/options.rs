//! What a plan can say about TLS, and the files it names.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ld_vm::{Fault, FaultClass};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// How a connection's TLS is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// Which certificates to accept.
    pub verify: Verify,
    /// The certificate to show when the server asks for one.
    pub identity: Option<Identity>,
    /// The application protocols to offer, most wanted first (RFC 7301).
    pub alpn: Vec<Vec<u8>>,
    /// The versions to offer.
    pub version: TlsVersion,
    /// The name to ask for and to verify, in place of the host's.
    pub server_name: Option<Box<str>>,
}

/// Which versions of TLS to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsVersion {
    /// 1.3 and 1.2.
    #[default]
    Any,
    /// 1.2 alone.
    Tls12,
    /// 1.3 alone.
    Tls13,
}

/// Which certificates to accept from a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verify {
    /// Those that an authority of the system vouches for.
    #[default]
    System,
    /// Any.
    Nothing,
    /// Those that an authority in this PEM file, or in the files of this folder, vouches
    /// for, and the certificates that stand there themselves.
    Authorities(PathBuf),
}

/// A client certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// A PEM file with the certificate and those that lead to its authority.
    pub certificate: PathBuf,
    /// The PEM file with the private key; `None` when it is in the certificate's file.
    pub key: Option<PathBuf>,
}

impl TlsOptions {
    /// The system's authorities, no client certificate, no application protocol.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            verify: Verify::System,
            identity: None,
            alpn: Vec::new(),
            version: TlsVersion::Any,
            server_name: None,
        }
    }

    /// The options of a task, from the parts of its request: whether to verify, and the
    /// paths of authorities, certificate and key, each empty when the task has none.
    #[must_use]
    pub fn of_task(
        verify: bool,
        [authorities, certificate, key]: [&[u8]; 3],
        alpn: &[&[u8]],
    ) -> Self {
        let path =
            |bytes: &[u8]| (!bytes.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(bytes)));
        let verify = match path(authorities) {
            _ if !verify => Verify::Nothing,
            Some(authorities) => Verify::Authorities(authorities),
            None => Verify::System,
        };
        let identity =
            path(certificate).map(|certificate| Identity { certificate, key: path(key) });
        let alpn = alpn.iter().map(|name| name.to_vec()).collect();
        Self { verify, identity, alpn, ..Self::default() }
    }
}

impl Identity {
    pub(super) fn load(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Fault> {
        let chain = certificates_of_file(&self.certificate)?;
        let path = self.key.as_ref().unwrap_or(&self.certificate);
        let key = PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
            pem::Error::NoItemsFound => {
                unusable(path, "has no unencrypted private key in PEM form")
            }
            error => unreadable(path, &error),
        })?;
        Ok((chain, key))
    }
}

/// The certificates of a PEM file, or of all PEM files of a folder.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let unreadable = |error| self::unreadable(path, &pem::Error::Io(error));
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return certificates_of_file(path);
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        // A folder of certificates may hold other things as well.
        if file.is_file() {
            all.extend(certificates_of_file(&file).unwrap_or_default());
        }
    }
    if all.is_empty() {
        return Err(unusable(path, "has no file with a certificate in PEM form"));
    }
    Ok(all)
}

fn certificates_of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(path, &error))?;
    if certificates.is_empty() {
        return Err(unusable(path, "has no certificate in PEM form"));
    }
    Ok(certificates)
}

fn unreadable(path: &Path, error: &pem::Error) -> Fault {
    match error {
        pem::Error::Io(error) => unusable(path, &format!("cannot be read: {error}")),
        error => unusable(path, &format!("is not PEM: {error}")),
    }
}

fn unusable(path: &Path, why: &str) -> Fault {
    Fault::new(FaultClass::Plan, format!("{} {why}", path.display()))
}
