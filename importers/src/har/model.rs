//! HAR 1.2 as it is met: any member may be missing, of another type, or there twice. Texts are
//! borrowed from the source wherever they have no escapes in them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A number, or a text that is one; anything else is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number(pub(super) Option<f64>);

/// A text; numbers and booleans count as their text, anything else as none.
#[derive(Clone, Debug, Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    /// The text, empty when there is none.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// The text, taken out.
    pub(super) fn take(&mut self) -> Option<Cow<'a, str>> {
        self.0.take()
    }
}

/// A list; anything else is an empty one that is marked.
#[derive(Clone, Debug)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    /// Whether something else stood there.
    pub(super) odd: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), odd: false }
    }
}

/// A member's name.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Objects whose members may be missing or come twice (the last one counts); what is no object
/// has no members.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident<$a:lifetime> {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $($key:literal)|+,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub(super) struct $name<$a> {
            $($(#[$field_doc])* pub(super) $field: $type,)*
            pub(super) lifetime: PhantomData<&$a ()>,
        }

        impl<$a> Deserialize<$a> for $name<$a> {
            fn deserialize<D: Deserializer<$a>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;
                impl<$a> Visitor<$a> for Members {
                    type Value = $name<$a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("any value")
                    }

                    fn visit_map<M: MapAccess<$a>>(
                        self,
                        mut map: M,
                    ) -> Result<Self::Value, M::Error> {
                        let mut object = $name::default();
                        while let Some(Key(key)) = map.next_key()? {
                            match &*key {
                                $($($key)|+ => object.$field = map.next_value()?,)*
                                _ => drop(map.next_value::<IgnoredAny>()?),
                            }
                        }
                        Ok(object)
                    }

                    otherwise!($a);
                }
                deserializer.deserialize_any(Members)
            }
        }
    )*};
}

/// What visitors make of values that are not of the kind that is looked for: nothing.
macro_rules! otherwise {
    ($a:lifetime) => {
        otherwise!($a scalars);
        fn visit_seq<S: SeqAccess<$a>>(self, mut list: S) -> Result<Self::Value, S::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    ($a:lifetime scalars) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

objects! {
    /// The whole source. Besides a recording it may be one entry or one request alone.
    Root<'a> {
        log: Option<Log<'a>> = "log",
        entries: List<Entry<'a>> = "entries",
        pages: List<Page<'a>> = "pages",
        request: Option<Request<'a>> = "request",
    }

    /// A recording.
    Log<'a> {
        creator: Creator<'a> = "creator",
        pages: List<Page<'a>> = "pages",
        entries: List<Entry<'a>> = "entries",
    }

    /// The program that made the recording.
    Creator<'a> {
        name: Text<'a> = "name",
    }

    /// A page that was visited.
    Page<'a> {
        id: Text<'a> = "id",
        title: Text<'a> = "title",
        started: Text<'a> = "startedDateTime",
    }

    /// A request and its reply.
    Entry<'a> {
        page: Text<'a> = "pageref",
        started: Text<'a> = "startedDateTime",
        /// Milliseconds.
        time: Number = "time",
        timings: Timings<'a> = "timings",
        request: Option<Request<'a>> = "request",
        response: Option<Response<'a>> = "response",
        /// Where it came from when it was not asked for: `memory` or `disk` (Chrome).
        from_cache: Text<'a> = "_fromCache",
        messages: List<Message<'a>> = "_webSocketMessages",
        resource_type: Text<'a> = "_resourceType",
        checks: List<Check<'a>> = "checks",
        variables: List<Variable<'a>> = "variables",
    }

    /// Milliseconds of the parts of an exchange, -1 for those that do not apply.
    Timings<'a> {
        blocked: Number = "blocked",
        dns: Number = "dns",
        connect: Number = "connect",
        send: Number = "send",
        wait: Number = "wait",
        receive: Number = "receive",
    }

    Request<'a> {
        method: Text<'a> = "method",
        url: Text<'a> = "url",
        version: Text<'a> = "httpVersion",
        headers: List<Pair<'a>> = "headers",
        query: List<Pair<'a>> = "queryString",
        cookies: List<Pair<'a>> = "cookies",
        body: Option<PostData<'a>> = "postData",
    }

    Response<'a> {
        status: Number = "status",
        headers: List<Pair<'a>> = "headers",
        cookies: List<Pair<'a>> = "cookies",
        content: Content<'a> = "content",
        redirect: Text<'a> = "redirectURL",
        error: Text<'a> = "_error",
    }

    /// The body of a reply.
    Content<'a> {
        mime: Text<'a> = "mimeType",
        text: Text<'a> = "text",
        encoding: Text<'a> = "encoding",
        /// The file beside the recording that has the text (Playwright).
        file: Text<'a> = "_file",
    }

    /// The body of a request.
    PostData<'a> {
        mime: Text<'a> = "mimeType",
        text: Text<'a> = "text",
        params: List<Param<'a>> = "params",
        encoding: Text<'a> = "encoding" | "_encoding",
        file: Text<'a> = "_file",
    }

    /// A header, a parameter or a cookie.
    Pair<'a> {
        name: Text<'a> = "name",
        value: Text<'a> = "value",
    }

    /// A field of a form.
    Param<'a> {
        name: Text<'a> = "name",
        value: Text<'a> = "value",
        file_name: Text<'a> = "fileName" | "filename",
        content_type: Text<'a> = "contentType",
    }

    /// A message of a WebSocket, as Chrome writes it.
    Message<'a> {
        direction: Text<'a> = "type",
        /// Seconds.
        time: Number = "time",
        opcode: Number = "opcode",
        data: Text<'a> = "data",
    }

    /// A check of a reply, as LoadImpact's recordings have it.
    Check<'a> {
        kind: Number = "type",
        subject: Number = "subject",
        condition: Number = "condition",
        expression: Text<'a> = "expression",
        flags: Text<'a> = "flags",
        value: Text<'a> = "value",
    }

    /// A value taken out of a reply, as LoadImpact's recordings have it.
    Variable<'a> {
        name: Text<'a> = "name",
        kind: Number = "type",
        expression: Text<'a> = "expression",
    }
}

impl Timings<'_> {
    /// All of them together.
    pub(super) fn sum(&self) -> Option<f64> {
        let parts = [self.blocked, self.dns, self.connect, self.send, self.wait, self.receive];
        let known = parts.iter().filter_map(|part| part.0).filter(|time| *time >= 0.0);
        known.reduce(|a, b| a + b)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Any<'a> {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text))))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(value.to_string()))))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(value.to_string()))))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(value.to_string()))))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(value.to_string()))))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(Self(text.as_str().trim().parse().ok().filter(|number: &f64| number.is_finite())))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(List { items, odd: false })
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut odd = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    odd = true;
                }
                Ok(List { items: Vec::new(), odd })
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(List::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(List { items: Vec::new(), odd: true })
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(List { items: Vec::new(), odd: true })
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(List { items: Vec::new(), odd: true })
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(List { items: Vec::new(), odd: true })
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(List { items: Vec::new(), odd: !text.is_empty() })
            }
        }
        deserializer.deserialize_any(Items(PhantomData))
    }
}

/// Reads a source.
///
/// # Errors
/// What is wrong with its JSON, and the line.
pub(super) fn parse(text: &str) -> Result<Root<'_>, (usize, String)> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or(&message).to_owned();
        (error.line(), format!("this is no JSON: {what} (column {})", error.column()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_other_types_are_as_if_missing() {
        let text = r#"{"log": {"creator": "x", "pages": {}, "entries": [
            null, 7, "x", [],
            {"startedDateTime": 5, "time": "12.5", "request": {"method": null, "url": "u",
             "headers": "none", "headers": [{"name": "A", "value": 1}, null, 3]},
             "response": [], "timings": null, "comment": {"a": [1]}}]}}"#;
        let root = parse(text).unwrap();
        let entries = root.log.unwrap().entries.items;
        assert_eq!(entries.len(), 5);
        let entry = entries.last().unwrap();
        assert_eq!((entry.started.as_str(), entry.time.0), ("5", Some(12.5)));
        let request = entry.request.as_ref().unwrap();
        assert_eq!((request.method.as_str(), request.url.as_str()), ("", "u"));
        let names: Vec<_> = request.headers.items.iter().map(|pair| pair.value.as_str()).collect();
        assert_eq!(names, ["1", "", ""]);
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_line() {
        let (line, message) = parse("{\"log\":\n  {\"entries\": [}\n").unwrap_err();
        assert_eq!(line, 2);
        assert!(message.contains("expected value"), "{message}");
    }
}
