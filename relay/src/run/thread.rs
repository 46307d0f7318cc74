//! The thread of signalling: a runtime of its own with one thread, so that a datagram is read, worked on and answered
//! without another thread being woken for any of it.

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use super::StartError;

/// The runtime before it runs; nothing, once it does.
pub(super) struct Thread {
    runtime: Option<Runtime>,
    handle: Handle,
}

/// Tells when the thread has ended.
#[derive(Debug)]
pub(super) struct Ending(oneshot::Receiver<()>);

impl Thread {
    /// A runtime that nothing drives yet.
    ///
    /// # Errors
    /// [`StartError::Thread`] when the operating system gives no means to wait for sockets.
    pub(super) fn new() -> Result<Self, StartError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Where tasks of this thread are spawned.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Starts the thread. It ends with `signalling`, and with it every task spawned on its handle.
    ///
    /// # Errors
    /// [`StartError::Thread`] when the operating system has no thread left.
    pub(super) fn run(mut self, signalling: impl Future<Output = ()> + Send + 'static) -> Result<Ending, StartError> {
        let (over, ended) = oneshot::channel();
        let runtime = self.runtime.take();
        let work = move || {
            if let Some(runtime) = runtime {
                runtime.block_on(signalling);
            }
            // Now every socket is closed.
            drop(over);
        };
        let named = std::thread::Builder::new().name("signalling".to_owned());
        named.spawn(work).map(|_| Ending(ended)).map_err(StartError::Thread)
    }
}

impl Ending {
    /// Waits for the end.
    pub(super) async fn ended(self) {
        // The sender is dropped, never used: its end is the message.
        let _ = self.0.await;
    }
}

/// A relay that cannot start after all must not wait here, where it may not.
impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
