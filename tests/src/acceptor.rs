//! A port of its own whose connections are served on threads of their own.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

/// Accepts connections; dropping it ends them all and waits for their threads.
#[derive(Debug)]
pub(crate) struct Acceptor {
    addr: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    connections: AtomicU64,
    stopping: AtomicBool,
    /// Open connections. Not owned: an owner here would keep a socket from closing.
    open: Mutex<Vec<Weak<TcpStream>>>,
}

impl Acceptor {
    /// Listens on a free loopback port once this returns. `serve` gets each connection with its
    /// number, from 0; it is closed when `serve` returns.
    pub(crate) fn start(
        serve: impl Fn(&TcpStream, u64) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let state = Arc::<State>::default();
        let accepting = Arc::clone(&state);
        let accept = move || accept(&listener, &serve, &accepting);
        let thread = thread::Builder::new().name("acceptor".to_owned()).spawn(accept)?;
        Ok(Self { addr, state, thread: Some(thread) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread, which then sees that it is to stop. Should the connection fail, it has
        // ended by itself.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, serve: &(impl Fn(&TcpStream, u64) + Sync), state: &State) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            if state.stopping.load(Ordering::SeqCst) {
                break;
            }
            let Ok(stream) = stream else { continue };
            let number = state.connections.fetch_add(1, Ordering::SeqCst);
            let stream = Arc::new(stream);
            {
                let mut open = state.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.retain(|stream| stream.strong_count() > 0);
                open.push(Arc::downgrade(&stream));
            }
            scope.spawn(move || serve(&stream, number));
        }
        let open = state.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.iter().filter_map(Weak::upgrade) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
}
