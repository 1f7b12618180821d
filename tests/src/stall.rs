//! A server that answers nothing for a while, then everything at once, and knows when it did what:
//! what users had to wait can be computed from that, whatever a client says it measured.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::acceptor::Acceptor;

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The server; it ends when dropped.
#[derive(Debug)]
pub struct StallServer {
    acceptor: Acceptor,
    state: Arc<State>,
}

/// A request without a body, as the server saw it.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// When it had been read.
    pub arrived: Instant,
    /// When its reply had been written.
    pub replied: Option<Instant>,
}

#[derive(Debug)]
struct State {
    stalls_at: usize,
    length: Duration,
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    /// In the order of arrival.
    served: Vec<Served>,
    /// The stall is over.
    woken: bool,
    /// Requests that wait for its end.
    held: Vec<(usize, TcpStream)>,
}

impl StallServer {
    /// Starts a server that stalls for so long when the request of this number, from 0, arrives.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(stalls_at: usize, length: Duration) -> io::Result<Self> {
        let state = Arc::new(State { stalls_at, length, desk: Mutex::default() });
        let serving = Arc::clone(&state);
        // A client that leaves is how every connection ends.
        let acceptor = Acceptor::start(move |stream, _| _ = serve(stream, &serving))?;
        Ok(Self { acceptor, state })
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.acceptor.addr())
    }

    /// The requests so far, in the order of their arrival.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        self.state.desk().served.clone()
    }
}

impl State {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the stall: whoever came first is answered first.
    fn wake(&self) {
        let mut desk = self.desk();
        desk.woken = true;
        for (number, mut stream) in std::mem::take(&mut desk.held) {
            let written = stream.write_all(REPLY);
            desk.replied(number, written);
        }
    }
}

impl Desk {
    fn replied(&mut self, number: usize, written: io::Result<()>) {
        if let (Some(served), Ok(())) = (self.served.get_mut(number), written) {
            served.replied = Some(Instant::now());
        }
    }
}

fn serve(mut stream: &TcpStream, state: &Arc<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = Vec::new();
    loop {
        let mut block = [0; 4096];
        let read = stream.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        input.extend(block.iter().take(read));
        if !input.ends_with(b"\r\n\r\n") {
            continue;
        }
        input.clear();
        let mut desk = state.desk();
        let number = desk.served.len();
        desk.served.push(Served { arrived: Instant::now(), replied: None });
        if number == state.stalls_at {
            let state = Arc::clone(state);
            thread::spawn(move || {
                thread::sleep(state.length);
                state.wake();
            });
        }
        if number >= state.stalls_at && !desk.woken {
            desk.held.push((number, stream.try_clone()?));
        } else {
            let written = stream.write_all(REPLY);
            desk.replied(number, written);
        }
    }
}
