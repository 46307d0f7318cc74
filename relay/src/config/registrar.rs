//! The `[registrar]` table: how phones of the relay's own users register.

use offhook_sip::digest::Algorithm;
use serde::Deserialize;

use super::check::Check;

/// How users register over SIP.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// What phones are told whose password is wanted.
    pub realm: String,
    /// The hosts that a REGISTER may be for; any where none is named.
    pub domains: Vec<String>,
    /// The digest algorithms that are asked for, the first preferred. Some phones know MD5 only and give up when anything
    /// else is asked for as well.
    pub algorithms: Vec<Algorithm>,
    /// How long a binding lasts that asks for no time, in seconds.
    pub expires: u32,
    /// The shortest that is granted.
    pub min_expires: u32,
    /// The longest.
    pub max_expires: u32,
    /// Bindings of one user.
    pub bindings_per_user: usize,
    /// Bindings of all.
    pub bindings: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            realm: "offhook".to_owned(),
            domains: Vec::new(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            expires: 600,
            min_expires: 30,
            max_expires: 3600,
            bindings_per_user: 8,
            bindings: 10_000,
        }
    }
}

/// The table as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Registrar {
    realm: Option<String>,
    domains: Vec<String>,
    algorithms: Option<Vec<String>>,
    expires: Option<u32>,
    min_expires: Option<u32>,
    max_expires: Option<u32>,
    bindings_per_user: Option<usize>,
    bindings: Option<usize>,
}

impl Check {
    pub(super) fn registrar(&mut self, file: Registrar, defaults: RegistrarConfig) -> RegistrarConfig {
        let realm = file.realm.unwrap_or(defaults.realm);
        if realm.is_empty() || realm.chars().any(char::is_control) {
            self.problem("registrar.realm", "must be printable text".to_owned());
        }
        for domain in &file.domains {
            if offhook_sip::message::Host::parse(domain).is_err() {
                let message = format!("{domain:?} is not a host name or address without a port");
                self.problem("registrar.domains", message);
            }
        }
        let max = self.within("registrar.max_expires", file.max_expires, 60..=86_400, defaults.max_expires);
        let min = self.within("registrar.min_expires", file.min_expires, 1..=3600, defaults.min_expires);
        if min > max {
            self.problem("registrar.min_expires", "must not be longer than registrar.max_expires".to_owned());
        }
        RegistrarConfig {
            realm,
            domains: file.domains,
            algorithms: self.algorithms(file.algorithms, defaults.algorithms),
            expires: self.within(
                "registrar.expires",
                file.expires,
                min..=max.max(min),
                defaults.expires.clamp(min, max.max(min)),
            ),
            min_expires: min,
            max_expires: max,
            bindings_per_user: self.within(
                "registrar.bindings_per_user",
                file.bindings_per_user,
                1..=100,
                defaults.bindings_per_user,
            ),
            bindings: self.within("registrar.bindings", file.bindings, 1..=1_000_000, defaults.bindings),
        }
    }

    fn algorithms(&mut self, names: Option<Vec<String>>, default: Vec<Algorithm>) -> Vec<Algorithm> {
        let Some(names) = names else { return default };
        let known: Vec<Algorithm> = names
            .iter()
            .filter_map(|name| Algorithm::parse(name))
            .filter(|algorithm| !algorithm.is_session())
            .collect();
        if known.is_empty() || known.len() != names.len() {
            self.problem("registrar.algorithms", "must name some of SHA-256, SHA-512-256 and MD5".to_owned());
        }
        known
    }
}
