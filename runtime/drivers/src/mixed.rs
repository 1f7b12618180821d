//! Users whose tasks are of several protocols: each request goes to its own protocol's driver.
//!
//! A scenario of one protocol has that protocol's driver and nothing of this. Here a user has one
//! session per protocol it has spoken so far, made when it first does.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use ld_vm::{Fault, FaultClass, Reply, Request};

use crate::driver::{Driver, Exchange, Stamps, with_drivers};
use crate::net::Net;

macro_rules! mixed {
    ($($feature:literal $name:ident $driver:path;)*) => {
        /// The drivers of a shard's scenario, each made when a task first needs it.
        pub(crate) struct Mixed {
            net: Rc<Net>,
            $(#[cfg(feature = $feature)] $name: OnceCell<$driver>,)*
        }

        /// What a user keeps between its requests, by protocol.
        pub(crate) struct Session {
            user: u32,
            /// Why nobody could carry out the last request.
            fault: Option<Fault>,
            $(#[cfg(feature = $feature)] $name: Option<Box<<$driver as Driver>::Session>>,)*
        }

        impl Session {
            const fn new(user: u32) -> Self {
                Self { user, fault: None, $(#[cfg(feature = $feature)] $name: None,)* }
            }
        }

        impl Driver for Mixed {
            type Session = Session;

            fn new(net: Rc<Net>) -> Self {
                Self { net, $(#[cfg(feature = $feature)] $name: OnceCell::new(),)* }
            }

            fn session(&self, user: u32) -> Session {
                Session::new(user)
            }

            async fn exchange<'s>(
                &'s self,
                session: &'s mut Session,
                request: Request<'_>,
            ) -> Exchange<'s> {
                let user = session.user;
                match request.protocol() {
                    $(#[cfg(feature = $feature)]
                    stringify!($name) => {
                        let driver = self.$name.get_or_init(|| self.driver());
                        let session =
                            session.$name.get_or_insert_with(|| Box::new(driver.session(user)));
                        driver.exchange(session, request).await
                    })*
                    protocol => {
                        let text = format!("this build has no driver for {protocol}");
                        let fault = session.fault.insert(Fault::new(FaultClass::Plan, text));
                        let now_ns = self.net.now_ns();
                        let stamps =
                            Stamps { sent_ns: now_ns, done_ns: now_ns, ..Stamps::default() };
                        Exchange { reply: Reply::fault(fault), stamps }
                    }
                }
            }

            fn host<'r>(&self, request: &Request<'r>) -> &'r [u8] {
                match request.protocol() {
                    $(#[cfg(feature = $feature)]
                    stringify!($name) => self.$name.get_or_init(|| self.driver()).host(request),)*
                    _ => &[],
                }
            }

            fn beside(&self, session: &mut Session, user: u32, request: &Request<'_>) -> Session {
                let mut beside = Session::new(user);
                match request.protocol() {
                    $(#[cfg(feature = $feature)]
                    stringify!($name) => {
                        let driver = self.$name.get_or_init(|| self.driver());
                        let main =
                            session.$name.get_or_insert_with(|| Box::new(driver.session(user)));
                        beside.$name = Some(Box::new(driver.beside(main, user, request)));
                    })*
                    _ => {}
                }
                beside
            }

            fn rejoin(&self, session: &mut Session, beside: Session) {
                $(#[cfg(feature = $feature)]
                if let (Some(driver), Some(main), Some(beside)) =
                    (self.$name.get(), &mut session.$name, beside.$name)
                {
                    driver.rejoin(main, *beside);
                })*
            }

            fn release(&self, session: &mut Session) {
                $(#[cfg(feature = $feature)]
                if let (Some(driver), Some(session)) = (self.$name.get(), &mut session.$name) {
                    driver.release(session);
                })*
            }

            fn forget_cookies(&self, session: &mut Session) {
                $(#[cfg(feature = $feature)]
                if let (Some(driver), Some(session)) = (self.$name.get(), &mut session.$name) {
                    driver.forget_cookies(session);
                })*
            }

            async fn close(&self, session: Session) {
                $(#[cfg(feature = $feature)]
                if let (Some(driver), Some(session)) = (self.$name.get(), session.$name) {
                    driver.close(*session).await;
                })*
            }
        }
    };
}

with_drivers!(mixed);

impl Mixed {
    fn driver<D: Driver>(&self) -> D {
        D::new(Rc::clone(&self.net))
    }
}

impl fmt::Debug for Mixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mixed").finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user).finish_non_exhaustive()
    }
}
