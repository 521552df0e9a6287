//! The authority that vouches for a registry over TLS: made when the registry starts, and known to nobody else.

use super::RegistryError;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use std::sync::Arc;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// What the registry is called where it listens.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];
/// The one protocol within TLS, for clients that ask.
const PROTOCOL: &[u8] = b"http/1.1";

/// An authority, and the registry's half of TLS by it. Its keys are in memory only.
pub(super) struct Authority {
    /// Its certificate, in PEM.
    pub(super) certificate: String,
    /// Answers hellos by a certificate that it has signed.
    pub(super) acceptor: TlsAcceptor,
}

impl Authority {
    /// Makes one.
    pub(super) fn make() -> Result<Self, RegistryError> {
        let issuer = issuer().map_err(|error| RegistryError::Authority(error.into()))?;
        let config = config(&issuer).map_err(RegistryError::Authority)?;
        Ok(Self {
            certificate: issuer.pem(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}

fn issuer() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "ocipick, for one registry");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    // Clients that are strict ask for what an authority may do.
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// The registry's half of TLS: a certificate that the authority has signed, and its key.
fn config(
    issuer: &CertifiedIssuer<'_, KeyPair>,
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "a registry of ocipick");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, issuer)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_registries_have_one_authority() {
        let certificates = [(), ()].map(|()| Authority::make().unwrap().certificate);
        assert!(certificates[0].starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(certificates[0], certificates[1]);
    }
}
