//! Requests as the compiler prepares them, without the compiler.

use ld_stdlib::protocols::http::{MAX_REDIRECTS, PROTOCOL, extra, option, part};
use ld_vm::assemble::assemble;
use ld_vm::{Linked, Needs};

use crate::testing;

/// A request: its parts, numbers and needs.
#[derive(Clone)]
pub(super) struct Ask {
    parts: Vec<Vec<u8>>,
    options: Vec<i64>,
    needs: Needs,
}

impl Ask {
    /// A request that is one constant.
    pub(super) fn new(method: &str, origin: &str, target: &str, lines: &str, body: &str) -> Self {
        let authority = origin.split("://").nth(1).unwrap_or(origin);
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\n{lines}");
        if !body.is_empty() || method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut ask = Self {
            parts: vec![Vec::new(); PROTOCOL.parts.len()],
            options: vec![0; PROTOCOL.options.len()],
            needs: Needs::STATUS,
        };
        let whole = format!("{head}\r\n{body}");
        ask.set(part::WHOLE, whole.as_bytes());
        ask.set(part::ORIGIN, origin.as_bytes());
        ask.set(part::METHOD, method.as_bytes());
        ask.set_option(option::HEAD_END, head.len() as i64);
        ask.set_option(option::REDIRECTS, MAX_REDIRECTS);
        ask.set_option(option::VERIFY, 1);
        ask
    }

    pub(super) fn get(origin: &str, target: &str) -> Self {
        Self::new("GET", origin, target, "", "")
    }

    pub(super) fn post(origin: &str, target: &str, body: &str) -> Self {
        Self::new("POST", origin, target, "Content-Type: text/plain\r\n", body)
    }

    /// The same request as one whose body varies: its length is not in the head.
    pub(super) fn varying(mut self) -> Self {
        let whole = std::mem::take(&mut self.parts[usize::from(part::WHOLE)]);
        if whole.is_empty() {
            return self;
        }
        let (head, body) = whole.split_at(self.options[usize::from(option::HEAD_END)] as usize);
        let head = String::from_utf8_lossy(head);
        let lines = head.split_inclusive("\r\n").filter(|line| !line.starts_with("Content-Length"));
        self.set(part::HEAD, lines.collect::<String>().as_bytes());
        self.set(part::BODY, &body[2..]);
        self.set_option(option::LENGTH_MISSING, i64::from(body.len() > 2));
        self
    }

    /// The same request as one whose URL varies.
    pub(super) fn with_varying_url(self, url: &str) -> Self {
        let mut ask = self.varying();
        let head = ask.parts[usize::from(part::HEAD)].clone();
        let head = String::from_utf8_lossy(&head);
        let lines: String = head.split_inclusive("\r\n").skip(2).collect();
        ask.set(part::HEAD, lines.as_bytes());
        ask.set(part::ORIGIN, b"");
        ask.set(part::URL, url.as_bytes());
        ask
    }

    pub(super) fn with(mut self, part: u8, bytes: &str) -> Self {
        if matches!(part, part::COOKIES | part::BASIC) {
            self.options[usize::from(option::EXTRAS)] |= extra::LATE_LINES;
        }
        self.set(part, bytes.as_bytes());
        self
    }

    pub(super) fn with_option(mut self, option: u8, number: i64) -> Self {
        self.set_option(option, number);
        self
    }

    /// The same request with more bits of [`extra`].
    pub(super) fn with_extra(mut self, bits: i64) -> Self {
        self.options[usize::from(option::EXTRAS)] |= bits;
        self
    }

    /// The same request, its limit in milliseconds.
    pub(super) fn within_ms(self, limit_ms: i64) -> Self {
        self.with_option(option::TIMEOUT_NS, limit_ms * 1_000_000)
    }

    pub(super) fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    fn set(&mut self, part: u8, bytes: &[u8]) {
        self.parts[usize::from(part)] = bytes.to_vec();
    }

    fn set_option(&mut self, option: u8, number: i64) {
        self.options[usize::from(option)] = number;
    }

    /// A program that makes the request.
    pub(super) fn link(&self) -> Linked {
        let parts: Vec<_> =
            self.parts.iter().map(|part| format!("{:?}", String::from_utf8_lossy(part))).collect();
        let options: Vec<_> = self.options.iter().map(i64::to_string).collect();
        let needs: Vec<_> = Needs::NAMED
            .into_iter()
            .filter_map(|(need, word)| self.needs.contains(need).then_some(word))
            .collect();
        let listing = format!(
            "run unlimited iterations 0\n\
             scenario u http @0000 users 1 rate 1 wait 0s\n\
             0000  request http \"t\" \"GET\" \"/\" needs {} parts {} options {}\n\
             0001  sample\n\
             0002  end\n",
            needs.join("+"),
            parts.join(" "),
            options.join(" ")
        );
        testing::link(assemble(&listing).unwrap())
    }
}
