use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether a page of this origin may open a WebSocket: one the relay serves itself, or one the configuration names.
/// Browsers always say their origin; what says none is no page, and cannot be abused by one.
pub(super) fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if allowed.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    host.is_some() && host == authority
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_relays_own_pages_are_allowed() {
        assert!(is_allowed(&headers("localhost:8080", Some("http://localhost:8080")), &[]));
    }

    #[test]
    fn foreign_pages_are_not_unless_they_are_named() {
        let foreign = headers("localhost:8080", Some("https://shop.example"));
        assert!(!is_allowed(&foreign, &[]));
        assert!(is_allowed(&foreign, &["https://shop.example".to_owned()]));
        assert!(is_allowed(&foreign, &["*".to_owned()]));
        assert!(!is_allowed(&headers("localhost:8080", Some("null")), &[]));
        assert!(!is_allowed(&headers("localhost:8080", Some("http://localhost:8081")), &[]));
    }

    #[test]
    fn a_client_that_is_no_page_is_allowed() {
        assert!(is_allowed(&headers("localhost:8080", None), &[]));
    }
}
