//! `cargo xtask demo`: the phone on localhost, with nothing else to install or to configure.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;

use crate::build;
use crate::error::Error;
use crate::process;
use crate::step::{OnFailure, Plan};
use crate::workspace::Workspace;

/// How to serve the demo.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Serve on this port of 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Builds, then becomes the relay, which prints the page's address as soon as it can be opened.
pub(crate) fn serve(workspace: &Workspace, options: &Options) -> Result<(), Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    check_free(address)?;
    Plan::new(build::STEPS.into(), &[])?.run(workspace, OnFailure::Stop)?;

    let mut relay = workspace.command(workspace.target().join("debug/offhook-relay"));
    relay.args(["--demo", "--http", &address.to_string(), "--static"]).arg(workspace.join("demo-phone/dist"));
    println!("\n$ {}\n", process::as_typed(&relay));
    // Becoming it, rather than waiting for it, lets every signal reach it.
    let source = relay.exec();
    Err(Error::Start { command: process::as_typed(&relay), source })
}

/// Building takes minutes: say at once that the port is taken.
fn check_free(address: SocketAddr) -> Result<(), Error> {
    TcpListener::bind(address).map(drop).map_err(|source| Error::Port { address, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_refused_with_a_way_out() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let error = check_free(taken.local_addr().unwrap()).unwrap_err().to_string();
        assert!(error.contains("choose another port with `cargo xtask demo --port PORT`"), "{error}");
    }

    #[test]
    fn a_free_port_is_accepted() {
        assert!(check_free(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).is_ok());
    }
}
