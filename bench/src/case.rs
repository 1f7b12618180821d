//! The rows of the comparison: what is asked of the server, by how many users.

/// What each request of a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A GET with a small answer; scripted tools check its status.
    Get,
    /// A POST with a rendered JSON body, two checks and an extract for scripted
    /// tools; a GET of the same answer for the others.
    Post,
    /// Ten requests with conditions, checks, extracts and data for scripted tools; GETs of
    /// the same answer for the others.
    Flow,
}

/// What requests go over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP/1.1 over TCP.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls,
    /// HTTP/2 over TLS, where a tool speaks it; HTTP/1.1 over TLS otherwise.
    Http2,
}

/// One row of the comparison.
#[derive(Debug)]
pub struct Case {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// What each request is.
    pub work: Work,
    /// Users, each with a connection of its own, none of them waiting.
    pub users: u32,
    /// What the requests go over.
    pub transport: Transport,
    /// CPU time per request of `ldvm` as a fraction of wrk's that is aimed for.
    pub target: Option<f64>,
}

impl Case {
    /// The file of the plan, in `bench/plans`.
    #[must_use]
    pub fn plan(&self) -> &'static str {
        match self.work {
            Work::Get if self.transport == Transport::Http2 => "get_http2.json",
            Work::Get => "get.json",
            Work::Post => "post.json",
            Work::Flow => "flow.json",
        }
    }

    /// The path a tool without scripts asks for.
    #[must_use]
    pub fn plain_path(&self) -> &'static str {
        match self.work {
            Work::Get => "/",
            Work::Post | Work::Flow => "/json",
        }
    }
}

/// All rows, in the order they are run.
pub static CASES: &[Case] = &[
    Case {
        name: "get64",
        title: "GET keep-alive, 64 users, one status assertion",
        work: Work::Get,
        users: 64,
        transport: Transport::Plain,
        target: Some(0.90),
    },
    Case {
        name: "get1000",
        title: "GET keep-alive, 1 000 users, one status assertion",
        work: Work::Get,
        users: 1000,
        transport: Transport::Plain,
        target: Some(0.95),
    },
    Case {
        name: "post",
        title: "POST of a rendered 400-byte JSON body, 64 users, two assertions, one extract; \
                tools without scripts GET the same answer",
        work: Work::Post,
        users: 64,
        transport: Transport::Plain,
        target: Some(1.15),
    },
    Case {
        name: "https64",
        title: "GET keep-alive over TLS 1.3, 64 users, one status assertion",
        work: Work::Get,
        users: 64,
        transport: Transport::Tls,
        target: Some(1.0),
    },
    Case {
        name: "http2",
        title: "GET over HTTP/2 and TLS 1.3, 64 users, one request of each at a time, one status assertion; wrk \
                and Locust speak HTTP/1.1",
        work: Work::Get,
        users: 64,
        transport: Transport::Http2,
        target: None,
    },
    Case {
        name: "flow10",
        title: "flow of ten requests, 64 users, with conditions, a loop, a group, JSON checks, \
                extracts and data; tools without scripts GET an answer",
        work: Work::Flow,
        users: 64,
        transport: Transport::Plain,
        target: Some(1.25),
    },
];
