//! Call records in a file, one a line (JSON Lines). The file is opened for each, so that it may be moved away at any time.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Records that may wait to be written. More than that are lost: calls do not wait for a disk.
const WAITING: usize = 4096;

/// Where records go. They are written in a thread of their own, which ends with this.
#[derive(Debug)]
pub(super) struct RecordFile {
    lines: Option<SyncSender<String>>,
    writing: Option<JoinHandle<()>>,
}

impl RecordFile {
    /// Begins to write to this file, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be written to, or there is no thread left.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        append(&path, "")?;
        let (lines, records) = sync_channel::<String>(WAITING);
        let writing = std::thread::Builder::new().name("records".to_owned()).spawn(move || {
            for line in records {
                if let Err(error) = append(&path, &line) {
                    tracing::error!(%error, file = %path.display(), "a call record was not written");
                }
            }
        })?;
        Ok(Self { lines: Some(lines), writing: Some(writing) })
    }

    /// Writes a record, soon.
    pub(super) fn write(&self, mut line: String) {
        line.push('\n');
        if self.lines.as_ref().is_none_or(|lines| lines.try_send(line).is_err()) {
            tracing::error!("a call record was not written: the disk does not keep up");
        }
    }
}

impl Drop for RecordFile {
    /// Waits until what is to be written has been, as at the end of the process.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writing) = self.writing.take() {
            // Err would be a panic of the thread, which has been printed already.
            let _ = writing.join();
        }
    }
}

/// Who else can read the file may read who called whom: it is its owner's alone.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_away_is_made_anew() {
        let folder = std::env::temp_dir().join(format!("offhook-records-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (path, moved) = (folder.join("calls.jsonl"), folder.join("calls.1"));
        let wait_for = |text: &str| while std::fs::read_to_string(&path).unwrap_or_default() != text {};
        let file = RecordFile::open(path.clone()).unwrap();
        file.write("{\"call\":1}".to_owned());
        wait_for("{\"call\":1}\n");
        std::fs::rename(&path, &moved).unwrap();
        file.write("{\"call\":2}".to_owned());
        wait_for("{\"call\":2}\n");
        assert!(RecordFile::open(folder.join("no/such/folder")).is_err());
        // What was written last is there when it ends.
        for call in 3..500 {
            file.write(format!("{{\"call\":{call}}}"));
        }
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 498);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
