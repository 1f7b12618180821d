//! Functions in texts: `${__Random(1,6)}`.

use serde_json::json;

use super::condition;
use super::reader::Reader;
use super::text::{Call, Part};
use super::time_format;
use crate::draft::Step;
use crate::text::placeholder_end;

impl Reader<'_> {
    /// A call as a text of ours.
    pub(super) fn call(&mut self, call: &Call) -> String {
        match self.known(call) {
            Some(text) => {
                self.keep();
                text
            }
            None => self.unknown(call),
        }
    }

    /// A call that has to be written by hand: a variable that a marked step is to set.
    fn unknown(&mut self, call: &Call) -> String {
        let hint = call.name.trim_start_matches('_').to_ascii_lowercase();
        let name = self.fresh(&hint);
        let why = format!("there is no such function; set the variable `{name}` to what it gives");
        self.drop(&call.source, &why);
        let what = format!("set the variable `{name}` to what this gives");
        self.do_before(Step::todo(&what, &call.source));
        format!("${{{name}}}")
    }

    fn known(&mut self, call: &Call) -> Option<String> {
        // The last argument of most names a variable that keeps the result.
        Some(match call.name.as_str() {
            "__P" => self.property(call, 1, "1"),
            "__property" => self.property(call, 2, call.plain(0).unwrap_or_default()),
            "__env" => format!("${{env.{}}}", call.plain(0)?.trim()),
            "__V" | "__evalVar" | "__eval" => self.evaluated(call)?,
            "__split" => self.split(call)?,
            "__CSVRead" => self.csv_read(call)?,
            "__setProperty" if call.arguments.len() <= 2 => self.set_property(call)?,
            "__javaScript" | "__jexl3" | "__jexl2" | "__jexl" | "__groovy" => {
                self.computed(call)?
            }
            "__urldecode" => {
                let text = call.plain(0)?.replace('+', " ");
                percent_encoding::percent_decode_str(&text).decode_utf8().ok()?.into_owned()
            }
            "__escapeHtml" => {
                let text = call.plain(0)?.replace('&', "&amp;").replace('<', "&lt;");
                text.replace('>', "&gt;").replace('"', "&quot;")
            }
            "__isVarDefined" => {
                let name = call.plain(0)?.trim().to_owned();
                let our = self.name(&name);
                if self.is_changing(&name) {
                    return None;
                }
                self.is_set(&our).to_string()
            }
            "__UUID" => self.kept("${uuid()}".to_owned(), call, 0),
            "__Random" => {
                let [a, b] = [self.argument(call, 0), self.argument(call, 1)];
                self.kept(format!("${{randint({a}, {b})}}"), call, 2)
            }
            "__RandomString" => {
                let length = self.argument(call, 0);
                let text = if call.has(1) {
                    format!("${{random_string({length}, {})}}", self.argument(call, 1))
                } else {
                    format!("${{random_string({length})}}")
                };
                self.kept(text, call, 2)
            }
            "__RandomFromMultipleVars" => {
                let names = call.plain(0)?.split('|').map(str::to_owned).collect::<Vec<_>>();
                let values: Vec<String> = names.iter().map(|name| self.variable(name)).collect();
                self.kept(format!("${{random_choice({})}}", values.join(", ")), call, 1)
            }
            "__chooseRandom" => {
                let last = call.arguments.len().checked_sub(1)?;
                let values: Vec<String> = (0..last).map(|at| self.argument(call, at)).collect();
                self.kept(format!("${{random_choice({})}}", values.join(", ")), call, last)
            }
            "__time" => {
                let format = call.plain(0)?.trim();
                let text = match format {
                    "" => "${timestamp_ms()}".to_owned(),
                    "/1000" => "${timestamp()}".to_owned(),
                    _ => format!("${{date({})}}", argument(&time_format::strftime(format)?)?),
                };
                self.kept(text, call, 1)
            }
            "__timeShift" => {
                if call.has(1) {
                    return None;
                }
                let shift = time_format::shift(call.plain(2)?)?;
                let text = match call.plain(0)?.trim() {
                    "" => format!("${{timestamp_ms({shift})}}"),
                    format => {
                        let format = argument(&time_format::strftime(format)?)?;
                        format!("${{date({format}, {shift})}}").replace(", )", ")")
                    }
                };
                self.kept(text, call, 4)
            }
            "__counter" => {
                let name = format!("counter_{}", self.next_counter());
                let per_user = call.plain(0)?.trim().eq_ignore_ascii_case("true");
                let function = if per_user { "counter" } else { "run_counter" };
                self.kept(format!("${{{function}({name})}}"), call, 1)
            }
            "__threadNum" => self.set_at_start("thread_number", json!({"expr": "user_id() + 1"})),
            "__iterationNum" => {
                let name = self.name("iteration_number");
                self.set_before(&name, json!({"expr": "iteration() + 1"}))
            }
            "__threadGroupName" => self.path.first().cloned().unwrap_or_default(),
            "__TestPlanName" => self.plan.clone(),
            "__samplerName" => self.path.last().cloned().unwrap_or_default(),
            "__machineName" => "${env.HOSTNAME}".to_owned(),
            "__urlencode" => {
                // JMeter writes a blank as `+`, which means the same in a query.
                format!("${{url_encode({})}}", self.argument(call, 0))
            }
            "__base64Encode" => {
                let text = format!("${{base64({})}}", self.argument(call, 0));
                self.kept(text, call, 1)
            }
            "__base64Decode" => {
                let text = format!("${{base64_decode({})}}", self.argument(call, 0));
                self.kept(text, call, 1)
            }
            "__MD5" | "__md5" => {
                let text = format!("${{md5({})}}", self.argument(call, 0));
                self.kept(text, call, 1)
            }
            "__digest" => self.digest(call)?,
            "__changeCase" => {
                let function = match call.plain(1)?.trim().to_ascii_uppercase().as_str() {
                    "" | "UPPER" => "upper",
                    "LOWER" => "lower",
                    "CAPITALIZE" => {
                        let text = call.plain(0)?;
                        let mut chars = text.chars();
                        let first = chars.next().map(char::to_uppercase);
                        let text: String = first.into_iter().flatten().chain(chars).collect();
                        return Some(self.kept(text, call, 2));
                    }
                    _ => return None,
                };
                let text = format!("${{{function}({})}}", self.argument(call, 0));
                self.kept(text, call, 2)
            }
            "__uppercase" | "__toUpperCase" => format!("${{upper({})}}", self.argument(call, 0)),
            "__lowercase" | "__toLowerCase" => format!("${{lower({})}}", self.argument(call, 0)),
            "__strLen" => format!("${{len({})}}", self.argument(call, 0)),
            "__substring" => {
                let number = |at| call.plain(at)?.trim().parse::<usize>().ok();
                let (from, to) = (number(1)?, number(2)?);
                let text = self.argument(call, 0);
                let length = to.checked_sub(from)?;
                self.kept(format!("${{substr({text}, {from}, {length})}}"), call, 3)
            }
            "__char" => {
                let code = |at| {
                    let text = call.plain(at)?.trim();
                    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
                    let code = match hex {
                        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                        None => text.parse().ok()?,
                    };
                    char::from_u32(code)
                };
                (0..call.arguments.len()).map(code).collect::<Option<String>>()?
            }
            "__intSum" | "__longSum" => return self.sum(call),
            "__FileToString" => {
                let path = call.plain(0)?.trim();
                self.source.sibling(path)?;
                self.kept(format!("${{file({})}}", argument(path)?), call, 2)
            }
            "__log" | "__logn" => {
                self.remark(&call.source, "texts for the log are not written");
                match call.name.as_str() {
                    "__log" => self.parts(call.arguments.first()?),
                    _ => String::new(),
                }
            }
            _ => return None,
        })
    }

    /// The variable that stands for a property of the command line, with its default.
    fn property(&mut self, call: &Call, default: usize, without: &str) -> String {
        let Some(name) = call.plain(0).map(str::trim).filter(|name| !name.is_empty()) else {
            return self.unknown(call);
        };
        let name = name.to_owned();
        if let Some(our) = self.properties.get(&name).cloned() {
            // A script or function sets it; until then it is what this says.
            if !self.is_set(&our) && call.has(default) {
                let pending = self.take_before();
                let parts = call.arguments.get(default).cloned().unwrap_or_default();
                let value = self.parts(&parts);
                self.begin_with(&our, value);
                pending.into_iter().for_each(|step| self.do_before(step));
            }
            return format!("${{{our}}}");
        }
        let our = self.property_name(&name);
        let pending = self.take_before();
        let value = match call.arguments.get(default) {
            Some(parts) => {
                let parts = parts.clone();
                self.parts(&parts)
            }
            None => without.to_owned(),
        };
        let what = format!("the property `{name}`");
        let why = format!("`{our}` is a variable; `ldvm run --var {our}=VALUE` sets it");
        self.remark(&what, &why);
        self.begin_with(&our, value);
        pending.into_iter().for_each(|step| self.do_before(step));
        format!("${{{our}}}")
    }

    /// A variable whose name is put together.
    fn evaluated(&mut self, call: &Call) -> Option<String> {
        match (call.name.as_str(), call.arguments.first()?.as_slice()) {
            ("__V" | "__evalVar", [Part::Text(name)]) => Some(self.variable(name)),
            ("__eval", parts) => {
                let parts = parts.to_vec();
                Some(self.parts(&parts))
            }
            // One of all that an extractor found.
            ("__V", [Part::Text(prefix), Part::Variable(position)])
                if prefix.strip_suffix('_').is_some_and(|list| self.lists.contains(list)) =>
            {
                let list = prefix.strip_suffix('_')?;
                let (list, position) = (self.name(list), self.name(position));
                let item = self.fresh("position");
                let position = self.set_before(&item, json!({"expr": format!("{position} - 1")}));
                Some(format!("${{item(${{{list}}}, {position})}}"))
            }
            ("__V", parts) => match (self.settled(parts), call.arguments.get(1)) {
                (Some(name), None) => Some(self.variable(&name)),
                (Some(name), Some(default)) => {
                    let our = self.name(&name);
                    let default = default.clone();
                    let is_known = self.is_set(&our) || self.is_changing(&name);
                    Some(if is_known { format!("${{{our}}}") } else { self.parts(&default) })
                }
                (None, _) => None,
            },
            _ => None,
        }
    }

    /// A function that is no more than an expression.
    fn computed(&mut self, call: &Call) -> Option<String> {
        let script = condition::script_of(call)?;
        // The last argument may name a variable.
        let named = script.rsplit_once(',').filter(|(_, name)| {
            let name = name.trim();
            !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        });
        let (script, name) = match named {
            Some((script, name)) if call.arguments.len() > 1 => (script, Some(name.trim())),
            _ => (script.as_str(), None),
        };
        let expression = condition::value(self, script)?;
        let name = match name {
            Some(name) => self.name(name),
            None => self.fresh("value"),
        };
        Some(self.set_before(&name, json!({"expr": expression})))
    }

    /// What is split becomes a list; the text itself is what the call gives.
    fn split(&mut self, call: &Call) -> Option<String> {
        let name = call.plain(1)?.trim().to_owned();
        if name.is_empty() {
            return None;
        }
        let text = self.argument(call, 0);
        let separator = call.plain(2).filter(|sign| !sign.is_empty()).unwrap_or(",");
        let our = self.name(&name);
        let list = format!("${{split({text}, {})}}", argument(separator)?);
        self.set_before(&our, json!(list));
        let parts = call.arguments.first().cloned().unwrap_or_default();
        Some(self.parts(&parts))
    }

    /// A property that other groups read.
    fn set_property(&mut self, call: &Call) -> Option<String> {
        let name = call.plain(0)?.trim().to_owned();
        let our = self.property_name(&name);
        let parts = call.arguments.get(1).cloned().unwrap_or_default();
        let value = self.parts(&parts);
        self.set_before(&our, json!(value));
        Some(String::new())
    }

    fn digest(&mut self, call: &Call) -> Option<String> {
        let algorithm = call.plain(0)?.trim().to_ascii_uppercase();
        let function = match algorithm.as_str() {
            "MD5" => "md5",
            "SHA-1" | "SHA1" | "SHA" => "sha1",
            "SHA-256" => "sha256",
            _ => return None,
        };
        let mut text = self.argument(call, 1);
        if call.has(2) {
            text = format!("{}{}", unquoted(&self.argument(call, 2)), unquoted(&text));
            text = argument(&text)?;
        }
        let digest = format!("${{{function}({text})}}");
        let upper = call.plain(3)?.trim().eq_ignore_ascii_case("true");
        let digest = if upper { format!("${{upper({digest})}}") } else { digest };
        Some(self.kept(digest, call, 4))
    }

    /// A sum, computed before the step that needs it.
    fn sum(&mut self, call: &Call) -> Option<String> {
        let mut terms = Vec::new();
        let mut name = None;
        for (at, argument) in call.arguments.iter().enumerate() {
            match argument.as_slice() {
                [Part::Text(text)] if text.trim().parse::<i64>().is_ok() => {
                    terms.push(text.trim().to_owned());
                }
                [Part::Text(text)] if at + 1 == call.arguments.len() => {
                    name = Some(text.trim().to_owned());
                }
                [Part::Variable(_) | Part::Call(_)] => {
                    let parts = argument.clone();
                    terms.push(condition::operand(&self.parts(&parts)));
                }
                [] => {}
                _ => return None,
            }
        }
        let name = match name {
            Some(name) => self.name(&name),
            None => self.fresh("sum"),
        };
        Some(self.set_before(&name, json!({"expr": terms.join(" + ")})))
    }

    /// The text, or the variable that keeps it when the call names one.
    fn kept(&mut self, text: String, call: &Call, at: usize) -> String {
        match call.plain(at).map(str::trim) {
            Some(name) if !name.is_empty() => {
                let name = name.to_owned();
                let name = self.name(&name);
                self.set_before(&name, json!(text))
            }
            _ => text,
        }
    }

    /// An argument of a call as an argument of ours.
    fn argument(&mut self, call: &Call, at: usize) -> String {
        let parts = call.arguments.get(at).cloned().unwrap_or_default();
        let text = self.parts(&parts);
        argument(&text).unwrap_or_else(|| {
            // Both kinds of quotes stand in it.
            let name = self.fresh("text");
            self.set_before(&name, json!(text))
        })
    }

    /// A variable that the run begins with, or that is computed before the first user starts.
    pub(super) fn begin_with(&mut self, name: &str, value: String) {
        let steps = self.take_before();
        if steps.is_empty() && !value.contains("${") {
            self.variables.insert(name.to_owned(), json!(value));
        } else {
            self.setup.extend(steps);
            self.setup.push(Step::simple("set", json!({name: value})));
        }
    }
}

/// Text as an argument, in quotes where it needs them; nothing when it cannot be one.
pub(super) fn argument(text: &str) -> Option<String> {
    let mut outside = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        outside.push_str(before);
        rest = after.get(placeholder_end(after) + 1..).unwrap_or_default();
    }
    outside.push_str(rest);
    let special = [',', '(', ')', '[', ']', '{', '}', '"', '\''];
    let is_plain = !text.is_empty() && text.trim() == text && !outside.contains(special);
    if is_plain {
        return Some(text.to_owned());
    }
    let quote = ['\'', '"'].into_iter().find(|quote| !text.contains(*quote))?;
    Some(format!("{quote}{text}{quote}"))
}

/// An argument without its quotes.
fn unquoted(text: &str) -> &str {
    ['\'', '"']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}
