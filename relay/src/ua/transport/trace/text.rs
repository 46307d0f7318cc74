use std::io::{self, Write};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Format, Passed, Way};

/// To be read: a line about each message, then the message.
pub(super) struct Text;

impl Format for Text {
    fn message(&mut self, file: &mut dyn Write, message: &Passed) -> io::Result<()> {
        let at = OffsetDateTime::from(message.at).format(&Rfc3339).unwrap_or_default();
        let (way, arrow) = match message.way {
            Way::Sent => ("sent", '>'),
            Way::Received => ("received", '<'),
        };
        let Passed { transport, local, peer, bytes, .. } = message;
        writeln!(file, "---- {at} {way} {transport} {local} {arrow} {peer}, {} bytes", bytes.len())?;
        file.write_all(bytes)?;
        writeln!(file)
    }

    fn dropped(&mut self, file: &mut dyn Write, count: u64) -> io::Result<()> {
        writeln!(file, "---- {count} messages are missing here: the file did not keep up\n")
    }
}
