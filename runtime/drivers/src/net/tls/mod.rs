//! TLS set-ups: one rustls configuration for each combination of options a plan uses.
//!
//! A configuration holds the parsed certificates and the cache of sessions to resume, so
//! it is made at the first connection that needs it and kept for the shard's lifetime;
//! connections that follow only clone a reference.

mod errors;
mod options;
mod verify;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use ld_vm::{Fault, FaultClass};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

pub(super) use errors::{describe, handshake_fault, tls_error};
pub use options::{Identity, TlsOptions, TlsVersion, Verify};

/// How many servers' sessions a configuration remembers.
const SESSIONS: usize = 256;

/// The certificate authorities of the system, read when first needed and shared by the
/// shards of a run.
#[derive(Clone, Default)]
pub struct SystemRoots(Arc<OnceLock<Result<Arc<RootCertStore>, String>>>);

/// The TLS configurations of a shard.
pub struct TlsConfigs {
    maker: Maker,
    made: RefCell<HashMap<TlsOptions, Made>>,
}

/// A configuration, or that somebody is making it.
type Made = Rc<OnceCell<Result<TlsConnector, Fault>>>;

/// What configurations are made of; makes them wherever there is time for it.
#[derive(Clone)]
struct Maker {
    provider: Arc<CryptoProvider>,
    roots: SystemRoots,
    insecure: bool,
}

impl TlsConfigs {
    /// No configurations yet; with `insecure`, none will verify anything.
    #[must_use]
    pub fn new(roots: SystemRoots, insecure: bool) -> Self {
        let provider = Arc::new(ring::default_provider());
        Self { maker: Maker { provider, roots, insecure }, made: RefCell::default() }
    }

    /// Whether any certificate is accepted, whatever the plan says.
    #[must_use]
    pub const fn is_insecure(&self) -> bool {
        self.maker.insecure
    }

    /// The connector for these options. It is made, files read, when they are first used, off
    /// the shard's thread; who asks meanwhile waits for it.
    ///
    /// # Errors
    /// When a file cannot be read or holds no certificate or key, or when the system has
    /// no certificate authorities. The answer is kept: files are read once.
    pub async fn connector(&self, options: &TlsOptions) -> Result<TlsConnector, Fault> {
        let known = self.made.borrow().get(options).map(Rc::clone);
        let cell = known.unwrap_or_else(|| {
            Rc::clone(self.made.borrow_mut().entry(options.clone()).or_default())
        });
        let made = cell.get_or_init(|| async {
            let (maker, options) = (self.maker.clone(), options.clone());
            let made = tokio::task::spawn_blocking(move || maker.make(&options)).await;
            let given_up = |_| Fault::new(FaultClass::Generator, "the TLS set-up was given up");
            made.map_err(given_up)?.map(|config| TlsConnector::from(Arc::new(config)))
        });
        made.await.clone()
    }
}

impl Maker {
    fn make(&self, options: &TlsOptions) -> Result<ClientConfig, Fault> {
        let unusable = |error: rustls::Error| Fault::new(FaultClass::Tls, error.to_string());
        let versions = match options.version {
            TlsVersion::Any => rustls::ALL_VERSIONS.to_vec(),
            TlsVersion::Tls12 => vec![&rustls::version::TLS12],
            TlsVersion::Tls13 => vec![&rustls::version::TLS13],
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&versions)
            .map_err(unusable)?;
        let builder = match &options.verify {
            _ if self.insecure => self.accept_anything(builder),
            Verify::Nothing => self.accept_anything(builder),
            Verify::System => builder.with_webpki_verifier(self.verifier(self.roots.load()?)?),
            Verify::Authorities(path) => {
                let trusted = options::certificates(path)?;
                let mut roots = RootCertStore::empty();
                // What cannot be an authority may still be the server's own certificate.
                roots.add_parsable_certificates(trusted.iter().cloned());
                if roots.is_empty() {
                    let text = format!("{}: none of its certificates can be read", path.display());
                    return Err(Fault::new(FaultClass::Plan, text));
                }
                let inner = self.verifier(Arc::new(roots))?;
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(verify::Named { inner, trusted }))
            }
        };
        let mut config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.load()?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    let path = identity.certificate.display();
                    Fault::new(FaultClass::Plan, format!("client certificate {path}: {error}"))
                })?
            }
        };
        config.alpn_protocols = options.alpn.clone();
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(config)
    }

    fn accept_anything(&self, builder: Builder) -> rustls::ConfigBuilder<ClientConfig, Verified> {
        let verifier = verify::Anything(Arc::clone(&self.provider));
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    }

    fn verifier(&self, roots: Arc<RootCertStore>) -> Result<Arc<WebPkiServerVerifier>, Fault> {
        WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider))
            .build()
            .map_err(|error| Fault::new(FaultClass::Tls, error.to_string()))
    }
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;
type Verified = rustls::client::WantsClientCert;

impl SystemRoots {
    fn load(&self) -> Result<Arc<RootCertStore>, Fault> {
        let roots = self.0.get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(found.certs);
            if !roots.is_empty() {
                return Ok(Arc::new(roots));
            }
            let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
            Err(format!(
                "no certificate authorities were found on this machine{why}; install \
                 ca-certificates, name a file of them as `verify`, or accept any certificate \
                 with --insecure"
            ))
        });
        roots.clone().map_err(|text| Fault::new(FaultClass::Tls, text))
    }
}

impl fmt::Debug for SystemRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemRoots").field("loaded", &self.0.get().is_some()).finish()
    }
}

impl fmt::Debug for TlsConfigs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfigs")
            .field("made", &self.made.borrow().len())
            .finish_non_exhaustive()
    }
}

/// The name to send and to verify for a host: IP addresses are verified as such and not
/// sent (RFC 6066 §3).
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, Fault> {
    // A zone is between this machine and its interface; no certificate names it.
    let host = host.split_once('%').map_or(host, |(address, _zone)| address);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(ServerName::from(ip));
    }
    ServerName::try_from(host.to_owned()).map_err(|_| {
        Fault::new(FaultClass::Plan, format!("`{host}` is not a host name TLS can ask for"))
    })
}
