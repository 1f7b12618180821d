//! What comes back from a driver, borrowed from the session that received it.
//!
//! The view is the same for every protocol: perhaps a status, perhaps named values
//! (HTTP headers, gRPC metadata), perhaps a payload, or a fault. What a protocol's
//! replies offer stands in its row of the protocol table, and the compiler refuses
//! checks of what is not there.

use std::borrow::Cow;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The parts of a reply that a task reads; the driver may drop the others unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u32);

impl Needs {
    /// Nothing beyond whether a reply came.
    pub const NONE: Self = Self(0);
    /// The status number.
    pub const STATUS: Self = Self(1);
    /// Named values: headers, metadata.
    pub const META: Self = Self(2);
    /// The payload, whole and decoded.
    pub const PAYLOAD: Self = Self(4);
    /// Each single need with its name in listings.
    pub const NAMED: [(Self, &'static str); 3] =
        [(Self::STATUS, "status"), (Self::META, "headers"), (Self::PAYLOAD, "body")];

    /// The bits as stored in a program; `None` when unknown bits are set.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits < 8 { Some(Self(bits)) } else { None }
    }

    /// The bits as stored in a program.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether everything in `other` is in `self`.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOr for Needs {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Needs {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

/// Named values of a reply, looked up without regard to ASCII case.
pub trait Meta {
    /// The value; repeated names are joined with `, `. `None` when the name is absent.
    fn value(&self, name: &[u8]) -> Option<Cow<'_, [u8]>>;
}

/// No named values at all.
#[derive(Clone, Copy, Debug)]
pub struct NoMeta;

impl Meta for NoMeta {
    fn value(&self, _name: &[u8]) -> Option<Cow<'_, [u8]>> {
        None
    }
}

/// The outcome of one exchange, as the machine reads it.
#[derive(Clone, Copy)]
pub struct Reply<'r> {
    /// Why there is no usable reply; everything else is empty then.
    pub fault: Option<&'r Fault>,
    /// The protocol's status number, where it has one.
    pub status: Option<i64>,
    /// Named values, filled when the request [`Needs::META`].
    pub meta: &'r dyn Meta,
    /// The payload, filled when the request [`Needs::PAYLOAD`].
    pub payload: &'r [u8],
    /// How long the exchange took, in nanoseconds, from sending to the reply's last byte.
    pub elapsed_ns: u64,
}

impl<'r> Reply<'r> {
    /// A reply that says nothing: the exchange worked and there is nothing to read.
    pub const EMPTY: Reply<'static> =
        Reply { fault: None, status: None, meta: &NoMeta, payload: &[], elapsed_ns: 0 };

    /// The reply that stands for a transport fault.
    #[must_use]
    pub fn fault(fault: &'r Fault) -> Self {
        Reply { fault: Some(fault), ..Reply::EMPTY }
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("fault", &self.fault)
            .field("status", &self.status)
            .field("payload", &String::from_utf8_lossy(self.payload))
            .finish_non_exhaustive()
    }
}

/// Why an exchange failed before its reply could be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The class it is counted under.
    pub class: FaultClass,
    /// What happened, for a person.
    pub text: String,
}

impl Fault {
    /// A fault of `class`, described by `text`.
    #[must_use]
    pub fn new(class: FaultClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into() }
    }
}

macro_rules! fault_classes {
    ($($name:ident $label:literal $doc:literal;)*) => {
        /// The classes of failures, by where the exchange broke.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FaultClass {
            $(#[doc = $doc] $name,)*
        }

        impl FaultClass {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in summaries; stable.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// What the class means.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }
        }
    };
}

fault_classes! {
    Assertion "assertion" "A reply came, and a check of the plan did not hold.";
    Status "status" "A reply came with a status that means failure, and no check of the plan asked for it.";
    Dns "dns" "The host name could not be resolved.";
    Connect "connect" "No connection could be made: refused, unreachable, no route.";
    Tls "tls" "The TLS handshake failed, or the certificate was not accepted.";
    Timeout "timeout" "A time limit ran out: connecting, waiting for the first byte, or in total.";
    Reset "reset" "The peer reset the connection while the exchange was under way.";
    Closed "closed" "The peer closed the connection before the reply was complete.";
    Protocol "protocol" "The peer answered with bytes that break the protocol, or with more than the limits allow.";
    Plan "plan" "The request could not be made as the plan says: an address that is none, a value that cannot be sent.";
    Generator "generator" "The load generator itself ran out of something: ports, descriptors, memory for a body.";
    Dropped "dropped" "The network conditioner dropped the request.";
    Auth "auth" "No token could be had from the server that gives them.";
}
