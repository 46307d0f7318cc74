//! What a user signs in with.

use std::fmt;

/// A secret. It is shown to nobody: its `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

impl Password {
    /// A password.
    #[must_use]
    pub fn new(password: &str) -> Self {
        Self(password.into())
    }

    pub(super) const fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// A user name and its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name the server knows, often the user part of the address.
    pub username: String,
    /// The password.
    pub password: Password,
}

impl Credentials {
    /// A user name and its password.
    #[must_use]
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: Password::new(password) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", Credentials::new("alice", "open sesame"));
        assert!(shown.contains("alice") && !shown.contains("sesame"), "{shown}");
    }
}
