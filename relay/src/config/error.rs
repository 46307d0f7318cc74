use std::fmt;

/// Why a configuration cannot be used: everything that is wrong with it at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Correct the syntax: this is not TOML, or a key is unknown or of another type. The text names line and key.
    #[error("{0}")]
    Syntax(String),
    /// Correct each of these keys.
    #[error("{}", list(.0))]
    Values(Vec<Problem>),
}

/// One value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, as in `sip.udp`.
    pub key: String,
    /// What is wrong and what would be accepted.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
