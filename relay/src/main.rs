//! The `offhook-relay` program.

use std::io::IsTerminal;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use offhook_relay::config::Config;
use offhook_relay::run::{self, Running, StartError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What is logged where `RUST_LOG` says nothing. Browsers offer DTLS extensions that `rtc_dtls` warns of on every call.
const LOG_FILTER: &str = "info,rtc_dtls=error";

/// Telephone calls between web pages and SIP.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "OFFHOOK_CONFIG")]
    config: Option<PathBuf>,
    /// Check the configuration, explain what is wrong with it, and end.
    #[arg(long)]
    check: bool,
    /// Anybody on this machine may connect under any local name; SIP reaches this machine only.
    #[arg(long)]
    demo: bool,
    /// Where to listen for HTTP and WebSockets, instead of the configuration's `http.listen`.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// The directory of files to serve, instead of the configuration's `http.static`.
    #[arg(long = "static", value_name = "DIR")]
    static_files: Option<PathBuf>,
    /// Write every SIP message to this file, without passwords and keys: a capture if it ends in .pcap, else text.
    #[arg(long, value_name = "FILE")]
    sip_trace: Option<PathBuf>,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match configuration(&arguments) {
        Ok(_) if arguments.check => {
            say("the configuration is good");
            ExitCode::SUCCESS
        }
        Ok(config) => serve(config, arguments.demo),
        Err(message) => fail(&message),
    }
}

fn configuration(arguments: &Arguments) -> Result<Config, String> {
    let mut config = match &arguments.config {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            Config::from_toml(&text).map_err(|error| format!("{}:\n{error}", file.display()))?
        }
        None => Config::default(),
    };
    if arguments.demo {
        config = config.into_demo();
    }
    if let Some(listen) = arguments.http {
        config.http.listen = listen;
    }
    config.sip.trace.clone_from(&arguments.sip_trace);
    if let Some(directory) = &arguments.static_files {
        if !directory.is_dir() {
            return Err(format!("--static: {} is no directory", directory.display()));
        }
        config.http.static_files = Some(directory.clone());
    }
    let public = std::iter::once(&config.http.listen).chain(config.sip.sockets()).find(|at| !at.ip().is_loopback());
    if let Some(public) = public.filter(|_| arguments.demo) {
        let why = "anybody who reaches it may use any name: it listens on loopback only";
        return Err(format!("--demo: {why}, not on {public}"));
    }
    Ok(config)
}

#[tokio::main]
async fn serve(config: Config, demo: bool) -> ExitCode {
    take_descriptors();
    // Before anything is announced: whoever reads the ready line may send a signal at once.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail(&format!("signals cannot be received: {error}")),
    };
    let running = match start(config, demo).await {
        Ok(running) => running,
        Err(error) => return fail(&error.to_string()),
    };
    say(&running.ready_line());
    if demo {
        say(&format!("Open http://{}/ in a browser; Ctrl-C stops the relay.", running.http));
    }
    tokio::select! {
        () = signals.wait() => {}
        // Whoever supervises the program can start it again; one that lives on without signalling helps nobody.
        () = running.ended() => return fail("signalling has ended unexpectedly; its log says why"),
    }
    tracing::info!("stopping");
    running.stop().await;
    ExitCode::SUCCESS
}

/// Lets the program have as many sockets as the system permits it: those of calls must not run out because connections,
/// which have bounds of their own, took the 1024 that programs usually begin with.
fn take_descriptors() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(most) => tracing::debug!(most, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors stays as it is"),
    }
}

/// Starts the relay. A demo makes do with any SIP port when another program has the usual one.
async fn start(config: Config, demo: bool) -> Result<Running, StartError> {
    match run::start(config.clone()).await {
        Err(StartError::Sip(error)) if demo => {
            tracing::warn!("{error}; the demo takes another port");
            let mut config = config;
            config.sip.sockets_mut().for_each(|socket| socket.set_port(0));
            run::start(config).await
        }
        result => result,
    }
}

/// What tells the program to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for SIGTERM or SIGINT.
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Tells whoever started the program; one that does not listen any more is no reason to fail.
fn say(line: &str) {
    let mut output = std::io::stdout();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// Says why the program cannot go on, whatever the log's level.
fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "offhook-relay: {message}");
    ExitCode::FAILURE
}
