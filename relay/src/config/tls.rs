//! The files of TLS, read when the configuration is: one that cannot be used is found before anything starts.

use std::path::PathBuf;

use super::check::Check;
use crate::ua::transport::tls::{Identity, TlsConfig, certificates};

/// The files as they are named.
pub(super) struct TlsFiles {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) authorities: Option<PathBuf>,
    pub(super) client_authorities: Option<PathBuf>,
    pub(super) verify: bool,
}

impl Check {
    /// Reads them; `tls` and `wss` say what is listened on.
    pub(super) fn certificates(&mut self, files: TlsFiles, tls: bool, wss: bool) -> TlsConfig {
        let identity = match (&files.certificate, &files.key) {
            (Some(certificate), Some(key)) => {
                Identity::read(certificate, key).map_err(|why| self.problem("sip.tls_certificate", why)).ok()
            }
            (Some(_), None) => {
                self.problem("sip.tls_key", "is needed: it goes with sip.tls_certificate".to_owned());
                None
            }
            (None, Some(_)) => {
                self.problem("sip.tls_certificate", "is needed: it goes with sip.tls_key".to_owned());
                None
            }
            (None, None) => {
                for (key, listens) in [("sip.tls", tls), ("sip.wss", wss)] {
                    if listens {
                        self.problem(key, "needs sip.tls_certificate and sip.tls_key".to_owned());
                    }
                }
                None
            }
        };
        let mut read = |key: &str, file: Option<PathBuf>| {
            file.and_then(|file| certificates(&file).map_err(|why| self.problem(key, why)).ok())
        };
        let authorities = read("sip.tls_ca", files.authorities);
        let client_authorities = read("sip.tls_client_ca", files.client_authorities);
        let config = TlsConfig { identity, authorities, client_authorities, verify: files.verify };
        let is_set = config.identity.is_some() || config.authorities.is_some();
        if let Some(why) = is_set.then(|| config.check().err()).flatten() {
            self.problem("sip.tls_certificate", why);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, ConfigError, SipConfig};

    /// A folder of its own with a certificate and two keys, only one of which goes with it.
    fn files() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("offhook-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ours = rcgen::generate_simple_self_signed(["relay.example".to_owned()]).unwrap();
        std::fs::write(folder.join("cert.pem"), ours.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), ours.signing_key.serialize_pem()).unwrap();
        std::fs::write(folder.join("other.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        folder
    }

    fn read(text: &str) -> Result<SipConfig, Vec<String>> {
        match Config::from_toml(&format!("[sip]\n{text}")) {
            Ok(config) => Ok(config.sip),
            Err(ConfigError::Values(problems)) => Err(problems.into_iter().map(|problem| problem.key).collect()),
            Err(other) => panic!("{other}"),
        }
    }

    fn identity(folder: &Path, certificate: &str, key: &str) -> String {
        let path = |name: &str| folder.join(name).display().to_string();
        format!("tls_certificate = \"{}\"\ntls_key = \"{}\"\n", path(certificate), path(key))
    }

    #[test]
    fn files_are_read_when_the_configuration_is() {
        let folder = files();
        let good = identity(&folder, "cert.pem", "key.pem");
        let sip = read(&format!("{good}tls = \"127.0.0.1:5061\"\nwss = \"127.0.0.1:8443\"")).unwrap();
        assert_eq!(sip.listeners().count(), 3);
        assert!(!format!("{sip:?}").contains("PRIVATE"));
        let wrong = |text: String| read(&text).unwrap_err();
        assert_eq!(wrong(identity(&folder, "cert.pem", "other.pem")), ["sip.tls_certificate"]);
        assert_eq!(wrong(identity(&folder, "none.pem", "key.pem")), ["sip.tls_certificate"]);
        assert_eq!(wrong(identity(&folder, "key.pem", "key.pem")), ["sip.tls_certificate"]);
        assert_eq!(wrong("tls_ca = \"/no/such/file\"".to_owned()), ["sip.tls_ca"]);
    }

    #[test]
    fn a_listener_needs_something_to_show() {
        assert_eq!(read("tls = \"127.0.0.1:5061\"").unwrap_err(), ["sip.tls"]);
        assert_eq!(read("wss = \"127.0.0.1:8443\"").unwrap_err(), ["sip.wss"]);
        assert_eq!(read("tls_certificate = \"/a\"").unwrap_err(), ["sip.tls_key"]);
    }
}
