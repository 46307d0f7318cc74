use offhook_protocol::{ErrorCode, Failure};

/// Whom a session acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// A user of the relay's own.
    Local {
        /// The user's name.
        name: String,
    },
    /// A SIP account; its credentials are with the user agent.
    Sip {
        /// The user part of the address of record.
        login: String,
        /// Whether it is registered, so that calls can arrive.
        registers: bool,
    },
}

impl Account {
    /// The login as the relay uses it.
    #[must_use]
    pub fn login(&self) -> &str {
        match self {
            Self::Local { name } => name,
            Self::Sip { login, .. } => login,
        }
    }

    /// Whether a registration follows.
    #[must_use]
    pub fn registers(&self) -> bool {
        matches!(self, Self::Sip { registers: true, .. })
    }
}

/// Checks the name others are to see; an empty one is none.
///
/// # Errors
/// [`ErrorCode::InvalidField`] naming `visibleName`.
pub fn display_name(name: Option<String>) -> Result<Option<String>, Failure> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(None) };
    if name.len() <= 128 && !name.chars().any(char::is_control) {
        return Ok(Some(name));
    }
    let message = "The visible name must be at most 128 bytes without control characters.";
    Err(Failure { field: Some("visibleName".to_owned()), ..Failure::new(ErrorCode::InvalidField, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_break_a_header_is_refused() {
        assert_eq!(display_name(Some("Alice\r\nVia: x".into())).unwrap_err().field.as_deref(), Some("visibleName"));
        assert!(display_name(Some("x".repeat(129))).is_err());
    }

    #[test]
    fn an_empty_name_is_none() {
        assert_eq!(display_name(Some(String::new())), Ok(None));
        assert_eq!(display_name(Some("Zoë".into())), Ok(Some("Zoë".into())));
    }
}
