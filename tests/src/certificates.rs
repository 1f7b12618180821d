//! Certificates made for a test: a root and what it signs, good and bad.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

/// A root certificate that no system trusts, able to sign others.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its private key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// Its key, PKCS #8 in PEM.
    pub key_pem: String,
    certificate: CertificateDer<'static>,
    key: Arc<PrivatePkcs8KeyDer<'static>>,
}

/// What is to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For a server at `localhost`, 127.0.0.1 and ::1.
    Server,
    /// The same, but valid in 2020 only.
    Expired,
    /// For a server at `elsewhere.invalid` and nowhere else.
    WrongHost,
    /// For a client.
    Client,
}

impl Authority {
    /// Makes a new root with a new key.
    ///
    /// # Errors
    /// When the random source or the signing fails.
    pub fn new() -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name("Test root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        Ok(Self { issuer })
    }

    /// The root certificate, PEM: what a client must trust.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The root certificate, DER.
    #[must_use]
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// Signs a certificate of that kind with a new key.
    ///
    /// # Errors
    /// When the random source or the signing fails.
    pub fn sign(&self, kind: Kind) -> io::Result<Identity> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = params(kind).map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok(identity(&certificate, &key))
    }
}

impl Identity {
    /// A server certificate that only vouches for itself.
    ///
    /// # Errors
    /// When the random source or the signing fails.
    pub fn self_signed() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = params(Kind::Server).map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(identity(&certificate, &key))
    }

    /// A TLS server (1.2 and 1.3, ALPN `http/1.1`) that shows this certificate.
    ///
    /// # Errors
    /// When the key does not fit the certificate.
    pub fn server_config(&self) -> io::Result<rustls::ServerConfig> {
        self.server_config_with(WebPkiClientVerifier::no_client_auth())
    }

    /// The same, but a client must show a certificate that `authority` has signed.
    ///
    /// # Errors
    /// When the key does not fit the certificate.
    pub fn server_config_for_clients_of(
        &self,
        authority: &Authority,
    ) -> io::Result<rustls::ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        self.server_config_with(verifier.build().map_err(io::Error::other)?)
    }

    fn server_config_with(
        &self,
        clients: Arc<dyn ClientCertVerifier>,
    ) -> io::Result<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![self.certificate.clone()], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn params(kind: Kind) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Test certificate");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match kind {
        Kind::Client => ExtendedKeyUsagePurpose::ClientAuth,
        Kind::Server | Kind::Expired | Kind::WrongHost => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    if kind == Kind::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 12, 31);
    }
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    params.subject_alt_names = if kind == Kind::WrongHost {
        vec![rcgen::SanType::DnsName("elsewhere.invalid".try_into()?)]
    } else {
        let names = [rcgen::SanType::DnsName("localhost".try_into()?)];
        names.into_iter().chain(loopback.map(rcgen::SanType::IpAddress)).collect()
    };
    Ok(params)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

fn identity(certificate: &rcgen::Certificate, key: &KeyPair) -> Identity {
    Identity {
        certificate_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        certificate: certificate.der().clone(),
        key: Arc::new(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::{ClientConfig, ClientConnection, Error, RootCertStore, ServerConnection};

    use super::*;

    /// Shakes hands in memory; what the client, which trusts `root`, says to it.
    fn handshake(root: CertificateDer<'static>, identity: &Identity) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(root).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = "127.0.0.1".try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(config), host).unwrap();
        let mut server =
            ServerConnection::new(Arc::new(identity.server_config().unwrap())).unwrap();
        while client.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut &*wire).unwrap();
            server.process_new_packets().unwrap();
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut &*wire).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn a_client_accepts_the_good_certificate_and_only_that() {
        let authority = Authority::new().unwrap();
        let check = |kind| handshake(authority.der(), &authority.sign(kind).unwrap());
        check(Kind::Server).unwrap();
        for (kind, says) in
            [(Kind::Expired, "expired"), (Kind::WrongHost, "not valid for"), (Kind::Client, "")]
        {
            let error = check(kind).unwrap_err();
            assert!(matches!(error, Error::InvalidCertificate(_)), "{kind:?}: {error}");
            assert!(error.to_string().contains(says), "{kind:?}: {error}");
        }
        let stranger = Authority::new().unwrap().sign(Kind::Server).unwrap();
        assert!(handshake(authority.der(), &stranger).is_err());
        assert!(handshake(authority.der(), &Identity::self_signed().unwrap()).is_err());
    }

    #[test]
    fn the_pem_forms_are_those_of_the_der_forms() {
        let authority = Authority::new().unwrap();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
        assert_eq!(root, authority.der());
        let identity = authority.sign(Kind::Client).unwrap();
        let key = PrivatePkcs8KeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
        assert_eq!(key, *identity.key);
    }
}
