use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use actix_web::dev::ServerHandle;
use doorward_domain::email::Mailer;
use tokio::signal::unix::{SignalKind, signal};

use super::limits::ConnectionLimit;
use super::metrics::MetricsPage;
use super::ports::{self, Purpose};
use super::workers::Workers;
use super::{AppFactory, Extensions, StartError, http, metrics};
use crate::configuration::Configuration;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A server that is ready to run: database open, port bound.
pub struct Server {
    configuration: Configuration,
    app: AppFactory,
    mailer: Arc<dyn Mailer>,
    listener: TcpListener,
    address: SocketAddr,
    /// The page of metrics and where it is shown, if it is.
    metrics: Option<(Arc<MetricsPage>, TcpListener)>,
    workers: usize,
    limit: ConnectionLimit,
}

impl Server {
    /// Opens the database, brings it up to date, and binds the port.
    pub async fn bind(configuration: Configuration, extensions: Extensions) -> Result<Self, StartError> {
        let mailer = match &extensions.mailer {
            Some(mailer) => mailer.clone(),
            None => ports::mailer(configuration.mail.as_ref())?,
        };
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let workers = configuration.http.workers.unwrap_or(cores).get();
        // Before files are opened.
        let limit = ConnectionLimit::of(&configuration, workers);
        let app = ports::open(&configuration, extensions, Purpose::Serving).await?;
        let (listener, address) = listen("listen", configuration.http.listen)?;
        let metrics = match app.metrics() {
            Some(page) => {
                let (listener, address) = listen("metrics.listen", configuration.metrics.listen)?;
                tracing::info!("metrics: http://{address}/metrics");
                Some((page, listener))
            }
            None => None,
        };
        Ok(Self {
            configuration,
            app,
            mailer,
            listener,
            address,
            metrics,
            workers,
            limit,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until SIGTERM or SIGINT, then finishes what is in flight (RE-9). A second signal ends it at once.
    pub async fn run(self) -> std::io::Result<()> {
        let Self {
            configuration,
            app,
            mailer,
            listener,
            metrics,
            workers: threads,
            limit,
            ..
        } = self;
        let connections = app.connections();
        let workers = Workers::start(app.context(), mailer, app.workers(), app.readiness())?;
        let timeout = configuration.http.shutdown_timeout;
        let server = http::serve(app, listener, threads, limit, timeout)?;
        let handle = server.handle();
        let metrics = metrics.map(|(page, listener)| metrics::serve(page, listener));
        let metrics = metrics.transpose()?.map(|server| {
            let handle = server.handle();
            actix_web::rt::spawn(async move {
                if let Err(error) = server.await {
                    tracing::error!(%error, "metrics are not shown any more");
                }
            });
            handle
        });
        let stopper = actix_web::rt::spawn(async move {
            stop_signal().await?;
            // The stop comes before the line about it: a log that blocks or fails must not keep the server running.
            connections.stop();
            let stopped = handle.stop(true);
            tracing::info!("stopping: requests in flight are finished");
            tokio::select! {
                () = stopped => {}
                second = stop_signal() => {
                    second?;
                    stop_at_once(&handle).await;
                }
            }
            std::io::Result::Ok(())
        });
        server.await?;
        stopper.abort();
        tokio::select! {
            () = workers.stop() => {}
            second = stop_signal() => {
                second?;
                tracing::warn!("stopping at once");
            }
        }
        // The last to end, so that a stop can be watched.
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Listens there, and answers where that is.
fn listen(option: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|cause| StartError::Listen {
        option,
        address,
        cause,
    })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    // A restarted server must get its port back although connections of the former one linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

async fn stop_signal() -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn stop_at_once(handle: &ServerHandle) {
    let stopped = handle.stop(false);
    tracing::warn!("stopping at once");
    stopped.await;
}
