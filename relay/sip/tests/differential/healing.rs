//! The same message with the line ends of the RFC, and an empty line after its headers.

/// Why a message is healed before the other parsers read it again.
pub(crate) const WHY: &str = "both: only CRLF ends a line, and only CRLF CRLF the headers; we take LF and the end of \
                              the datagram as well, as telephones send them (read again with CRLF)";

/// The healed message; nothing if it needs no healing.
pub(crate) fn heal(input: &[u8]) -> Option<Vec<u8>> {
    let (mut healed, mut rest) = (Vec::new(), input);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        rest = rest.get(end + 1..).unwrap_or_default();
        if line.is_empty() && !healed.is_empty() {
            break;
        }
        healed.extend_from_slice(line);
        healed.extend_from_slice(b"\r\n");
    }
    healed.extend_from_slice(b"\r\n");
    healed.extend_from_slice(rest);
    (healed != input).then_some(healed)
}
