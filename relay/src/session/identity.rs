use offhook_protocol::{ErrorCode, Failure, Secret};

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

/// Checks what an app says of itself when it opens a session: `key` is shown in the log, `custom` never.
///
/// # Errors
/// [`ErrorCode::InvalidField`] naming `appKey` or `custom`.
pub fn check_app(key: Option<&str>, custom: Option<&Secret>) -> Result<(), Failure> {
    let invalid = |field: &str, message: &str| {
        Err(Failure { field: Some(field.to_owned()), ..Failure::new(ErrorCode::InvalidField, message) })
    };
    if key.is_some_and(|key| key.len() > 128 || key.chars().any(char::is_control)) {
        return invalid("appKey", "The app's key must be at most 128 bytes without control characters.");
    }
    if custom.is_some_and(|custom| custom.reveal().len() > 4096) {
        return invalid("custom", "The app's own data must be at most 4 kB.");
    }
    Ok(())
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
    fn what_an_app_says_of_itself_is_bounded() {
        let field = |key: &str, custom: usize| {
            let custom = Secret::new("x".repeat(custom));
            check_app(Some(key), Some(&custom)).err().and_then(|failure| failure.field)
        };
        assert_eq!(field("defaultApp", 4096), None);
        assert_eq!(field("default\nApp", 0).as_deref(), Some("appKey"));
        assert_eq!(field(&"x".repeat(129), 0).as_deref(), Some("appKey"));
        assert_eq!(field("", 4097).as_deref(), Some("custom"));
    }

    #[test]
    fn an_empty_name_is_none() {
        assert_eq!(display_name(Some(String::new())), Ok(None));
        assert_eq!(display_name(Some("Zoë".into())), Ok(Some("Zoë".into())));
    }
}
