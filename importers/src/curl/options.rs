//! The options of curl: which there are, which take a value, and what they are about.

use self::About::{Network, Other, Proxy, Quiet, Request, Security};

/// What an option is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The request; [`super::operation`] knows it.
    Request,
    /// What curl prints and writes, or what goes without saying here.
    Quiet,
    /// The way to the server.
    Network,
    /// What is agreed on in TLS, and other security.
    Security,
    /// How a proxy is talked to.
    Proxy,
    /// Protocols other than HTTP.
    Other,
}

/// An option of curl.
#[derive(Debug)]
pub(super) struct Row {
    short: char,
    /// Its long name, without dashes.
    pub(super) long: &'static str,
    /// Whether a value follows.
    pub(super) value: bool,
    pub(super) about: About,
    /// Whether the value is, or may hold, a credential, and is shown to nobody.
    secret: bool,
}

impl Row {
    fn given(&self, value: String, negated: bool) -> Given {
        Given {
            name: self.long,
            value,
            negated,
            about: self.about,
            secret: self.secret,
            expands: false,
        }
    }
}

const fn row(short: char, long: &'static str, value: bool, about: About) -> Row {
    Row { short, long, value, about, secret: false }
}

/// An option whose value is a credential or may hold one.
const fn secret(short: char, long: &'static str, about: About) -> Row {
    Row { short, long, value: true, about, secret: true }
}

/// An option as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Its long name; empty for a URL that stands by itself.
    pub(super) name: &'static str,
    /// Its value; empty when it takes none.
    pub(super) value: String,
    /// Whether it was given as `--no-…`.
    pub(super) negated: bool,
    pub(super) about: About,
    /// Whether the value is shown to nobody.
    pub(super) secret: bool,
    /// Whether variables of curl in it are filled in: `--expand-…`.
    pub(super) expands: bool,
}

impl Given {
    /// The option as messages show it.
    pub(super) fn shown(&self) -> String {
        if self.value.is_empty() {
            format!("--{}", self.name)
        } else if self.secret {
            format!("--{} …", self.name)
        } else {
            format!("--{} {}", self.name, self.value)
        }
    }
}

/// Arguments as options in their order; a URL by itself is an option without a name. Those that
/// cannot be understood come second.
pub(super) fn parse(arguments: &[String]) -> (Vec<Given>, Vec<String>) {
    let mut given = Vec::new();
    let mut unknown = Vec::new();
    let mut arguments = arguments.iter();
    let mut only_urls = false;
    while let Some(argument) = arguments.next() {
        if only_urls || argument == "-" || !argument.starts_with('-') {
            let value = argument.clone();
            let (negated, expands) = (false, false);
            given.push(Given { name: "", value, negated, about: Request, secret: true, expands });
        } else if argument == "--" {
            only_urls = true;
        } else if let Some(long) = argument.strip_prefix("--") {
            let expanded = long.strip_prefix("expand-");
            match long_option(expanded.unwrap_or(long)) {
                Some((row, negated, attached)) => {
                    let value = match (row.value && !negated, attached) {
                        (true, Some(value)) => value.to_owned(),
                        (true, None) => arguments.next().cloned().unwrap_or_default(),
                        (false, _) => String::new(),
                    };
                    given.push(Given { expands: expanded.is_some(), ..row.given(value, negated) });
                }
                None => {
                    // What is behind the equals sign may be a credential.
                    let name = argument.split('=').next().unwrap_or(argument);
                    unknown.push(name.to_owned());
                }
            }
        } else {
            short_options(argument, &mut arguments, &mut given, &mut unknown);
        }
    }
    (given, unknown)
}

/// A bundle such as `-sSL`, whose last option may have its value attached: `-sXPOST`.
fn short_options<'a>(
    bundle: &str,
    arguments: &mut impl Iterator<Item = &'a String>,
    given: &mut Vec<Given>,
    unknown: &mut Vec<String>,
) {
    let mut chars = bundle.chars();
    chars.next();
    while let Some(short) = chars.next() {
        let Some(row) = OPTIONS.iter().find(|row| row.short == short) else {
            unknown.push(format!("-{short}"));
            continue;
        };
        let mut value = String::new();
        if row.value {
            let rest = chars.as_str();
            value = if rest.is_empty() {
                arguments.next().cloned().unwrap_or_default()
            } else {
                rest.to_owned()
            };
            chars = "".chars();
        }
        given.push(row.given(value, false));
    }
}

/// A long option by its name, an unambiguous beginning of it, or its name after `no-`; with
/// what stands behind `=`.
fn long_option(text: &str) -> Option<(&'static Row, bool, Option<&str>)> {
    let find = |name: &str| OPTIONS.iter().find(|row| row.long == name);
    if let Some(row) = find(text) {
        return Some((row, false, None));
    }
    let (name, attached) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let beginning = |name: &str| {
        let mut rows = OPTIONS.iter().filter(|row| row.long.starts_with(name));
        rows.next().filter(|_| rows.next().is_none())
    };
    let negated = name.strip_prefix("no-").and_then(find);
    find(name)
        .map(|row| (row, false, attached))
        .or_else(|| negated.map(|row| (row, true, None)))
        .or_else(|| beginning(name).map(|row| (row, false, attached)))
}

/// All options, by name: those of curl 8, and old ones that are still met. A blank stands where
/// there is no short form.
#[rustfmt::skip]
const OPTIONS: &[Row] = &[
    row(' ', "abstract-unix-socket", true, Request),
    row(' ', "alpn", false, Quiet),
    row(' ', "alt-svc", true, Quiet),
    row(' ', "anyauth", false, Request),
    row('a', "append", false, Quiet),
    row(' ', "aws-sigv4", true, Request),
    row(' ', "basic", false, Request),
    row(' ', "buffer", false, Quiet),
    row(' ', "ca-native", false, Security),
    row(' ', "cacert", true, Request),
    row(' ', "capath", true, Request),
    secret('E', "cert", Request),
    row(' ', "cert-status", false, Security),
    row(' ', "cert-type", true, Security),
    row(' ', "ciphers", true, Security),
    row(' ', "clobber", false, Quiet),
    row(' ', "compressed", false, Request),
    row(' ', "compressed-ssh", false, Quiet),
    row('K', "config", true, Request),
    row(' ', "connect-timeout", true, Request),
    row(' ', "connect-to", true, Request),
    row('C', "continue-at", true, Request),
    secret('b', "cookie", Request),
    row('c', "cookie-jar", true, Request),
    row(' ', "create-dirs", false, Quiet),
    row(' ', "create-file-mode", true, Quiet),
    row(' ', "crlf", false, Request),
    row(' ', "crlfile", true, Security),
    row(' ', "curves", true, Security),
    secret('d', "data", Request),
    secret(' ', "data-ascii", Request),
    secret(' ', "data-binary", Request),
    secret(' ', "data-raw", Request),
    secret(' ', "data-urlencode", Request),
    row(' ', "delegation", true, Other),
    row(' ', "digest", false, Request),
    row('q', "disable", false, Quiet),
    row(' ', "disable-eprt", false, Other),
    row(' ', "disable-epsv", false, Other),
    row(' ', "disallow-username-in-url", false, Request),
    row(' ', "dns-interface", true, Network),
    row(' ', "dns-ipv4-addr", true, Network),
    row(' ', "dns-ipv6-addr", true, Network),
    row(' ', "dns-servers", true, Network),
    row(' ', "doh-cert-status", false, Network),
    row(' ', "doh-insecure", false, Network),
    secret(' ', "doh-url", Network),
    row(' ', "dump-ca-embed", false, Quiet),
    row('D', "dump-header", true, Quiet),
    row(' ', "ech", true, Security),
    row(' ', "egd-file", true, Security),
    row(' ', "engine", true, Security),
    row(' ', "eprt", false, Other),
    row(' ', "epsv", false, Other),
    row(' ', "etag-compare", true, Request),
    row(' ', "etag-save", true, Quiet),
    row(' ', "expect100-timeout", true, Request),
    row('f', "fail", false, Request),
    row(' ', "fail-early", false, Quiet),
    row(' ', "fail-with-body", false, Request),
    row(' ', "false-start", false, Quiet),
    row(' ', "follow", false, Request),
    secret('F', "form", Request),
    row(' ', "form-escape", false, Quiet),
    secret(' ', "form-string", Request),
    secret(' ', "ftp-account", Other),
    secret(' ', "ftp-alternative-to-user", Other),
    row(' ', "ftp-create-dirs", false, Other),
    row(' ', "ftp-method", true, Other),
    row(' ', "ftp-pasv", false, Other),
    row('P', "ftp-port", true, Other),
    row(' ', "ftp-pret", false, Other),
    row(' ', "ftp-skip-pasv-ip", false, Other),
    row(' ', "ftp-ssl", false, Other),
    row(' ', "ftp-ssl-ccc", false, Other),
    row(' ', "ftp-ssl-ccc-mode", true, Other),
    row(' ', "ftp-ssl-control", false, Other),
    row(' ', "ftp-ssl-reqd", false, Other),
    row('G', "get", false, Request),
    row('g', "globoff", false, Request),
    row(' ', "happy-eyeballs-timeout-ms", true, Quiet),
    row(' ', "haproxy-clientip", true, Network),
    row(' ', "haproxy-protocol", false, Network),
    row('I', "head", false, Request),
    secret('H', "header", Request),
    row('h', "help", true, Quiet),
    row(' ', "hostpubmd5", true, Other),
    row(' ', "hostpubsha256", true, Other),
    row(' ', "hsts", true, Quiet),
    row(' ', "http0.9", false, Request),
    row('0', "http1.0", false, Request),
    row(' ', "http1.1", false, Request),
    row(' ', "http2", false, Request),
    row(' ', "http2-prior-knowledge", false, Request),
    row(' ', "http3", false, Request),
    row(' ', "http3-only", false, Request),
    row(' ', "ignore-content-length", false, Quiet),
    row('i', "include", false, Quiet),
    row('k', "insecure", false, Request),
    row(' ', "interface", true, Network),
    row(' ', "ip-tos", true, Network),
    row(' ', "ipfs-gateway", true, Quiet),
    row('4', "ipv4", false, Network),
    row('6', "ipv6", false, Network),
    secret(' ', "json", Request),
    row('j', "junk-session-cookies", false, Quiet),
    row(' ', "keepalive", false, Quiet),
    row(' ', "keepalive-cnt", true, Quiet),
    row(' ', "keepalive-time", true, Quiet),
    row(' ', "key", true, Request),
    row(' ', "key-type", true, Security),
    row(' ', "knownhosts", true, Other),
    row(' ', "krb", true, Other),
    row(' ', "libcurl", true, Quiet),
    row(' ', "limit-rate", true, Request),
    row('l', "list-only", false, Quiet),
    row(' ', "local-port", true, Network),
    row('L', "location", false, Request),
    row(' ', "location-trusted", false, Request),
    row(' ', "login-options", true, Other),
    row(' ', "mail-auth", true, Other),
    row(' ', "mail-from", true, Other),
    row(' ', "mail-rcpt", true, Other),
    row(' ', "mail-rcpt-allowfails", false, Other),
    row('M', "manual", false, Quiet),
    row(' ', "max-filesize", true, Request),
    row(' ', "max-redirs", true, Request),
    row('m', "max-time", true, Request),
    row(' ', "metalink", false, Quiet),
    row(' ', "mptcp", false, Network),
    row(' ', "negotiate", false, Request),
    row('n', "netrc", false, Request),
    row(' ', "netrc-file", true, Request),
    row(' ', "netrc-optional", false, Request),
    row(':', "next", false, Request),
    row(' ', "no-alpn", false, Quiet),
    row('N', "no-buffer", false, Quiet),
    row(' ', "no-clobber", false, Quiet),
    row(' ', "no-keepalive", false, Request),
    row(' ', "no-npn", false, Quiet),
    row(' ', "no-progress-meter", false, Quiet),
    row(' ', "no-sessionid", false, Quiet),
    row(' ', "noproxy", true, Request),
    row(' ', "npn", false, Quiet),
    row(' ', "ntlm", false, Request),
    row(' ', "ntlm-wb", false, Security),
    secret(' ', "oauth2-bearer", Request),
    row(' ', "out-null", false, Quiet),
    row('o', "output", true, Quiet),
    row(' ', "output-dir", true, Quiet),
    row('Z', "parallel", false, Request),
    row(' ', "parallel-immediate", false, Request),
    row(' ', "parallel-max", true, Request),
    row(' ', "parallel-max-host", true, Quiet),
    secret(' ', "pass", Security),
    row(' ', "path-as-is", false, Request),
    row(' ', "pinnedpubkey", true, Security),
    row(' ', "post301", false, Request),
    row(' ', "post302", false, Request),
    row(' ', "post303", false, Request),
    secret(' ', "preproxy", Request),
    row('#', "progress-bar", false, Quiet),
    row(' ', "progress-meter", false, Quiet),
    row(' ', "proto", true, Other),
    row(' ', "proto-default", true, Request),
    row(' ', "proto-redir", true, Other),
    secret('x', "proxy", Request),
    row(' ', "proxy-anyauth", false, Proxy),
    row(' ', "proxy-basic", false, Quiet),
    row(' ', "proxy-ca-native", false, Proxy),
    row(' ', "proxy-cacert", true, Proxy),
    row(' ', "proxy-capath", true, Proxy),
    secret(' ', "proxy-cert", Proxy),
    row(' ', "proxy-cert-type", true, Proxy),
    row(' ', "proxy-ciphers", true, Proxy),
    row(' ', "proxy-crlfile", true, Proxy),
    row(' ', "proxy-digest", false, Proxy),
    secret(' ', "proxy-header", Request),
    row(' ', "proxy-http2", false, Proxy),
    row(' ', "proxy-insecure", false, Proxy),
    row(' ', "proxy-key", true, Proxy),
    row(' ', "proxy-key-type", true, Proxy),
    row(' ', "proxy-negotiate", false, Proxy),
    row(' ', "proxy-ntlm", false, Proxy),
    secret(' ', "proxy-pass", Proxy),
    row(' ', "proxy-pinnedpubkey", true, Proxy),
    row(' ', "proxy-service-name", true, Proxy),
    row(' ', "proxy-ssl-allow-beast", false, Proxy),
    row(' ', "proxy-ssl-auto-client-cert", false, Proxy),
    row(' ', "proxy-tls13-ciphers", true, Proxy),
    row(' ', "proxy-tlsauthtype", true, Proxy),
    secret(' ', "proxy-tlspassword", Proxy),
    secret(' ', "proxy-tlsuser", Proxy),
    row(' ', "proxy-tlsv1", false, Proxy),
    secret('U', "proxy-user", Request),
    secret(' ', "proxy1.0", Request),
    row('p', "proxytunnel", false, Quiet),
    row(' ', "pubkey", true, Other),
    secret('Q', "quote", Other),
    row(' ', "random-file", true, Security),
    row('r', "range", true, Request),
    row(' ', "rate", true, Request),
    row(' ', "raw", false, Quiet),
    row('e', "referer", true, Request),
    row('J', "remote-header-name", false, Quiet),
    row('O', "remote-name", false, Quiet),
    row(' ', "remote-name-all", false, Quiet),
    row('R', "remote-time", false, Quiet),
    row(' ', "remove-on-error", false, Quiet),
    row('X', "request", true, Request),
    row(' ', "request-target", true, Request),
    row(' ', "resolve", true, Request),
    row(' ', "retry", true, Request),
    row(' ', "retry-all-errors", false, Request),
    row(' ', "retry-connrefused", false, Request),
    row(' ', "retry-delay", true, Request),
    row(' ', "retry-max-time", true, Request),
    row(' ', "sasl-authzid", true, Other),
    row(' ', "sasl-ir", false, Other),
    row(' ', "service-name", true, Other),
    row(' ', "sessionid", false, Quiet),
    row('S', "show-error", false, Quiet),
    row(' ', "sigalgs", true, Security),
    row('s', "silent", false, Quiet),
    row(' ', "skip-existing", false, Quiet),
    secret(' ', "socks4", Request),
    secret(' ', "socks4a", Request),
    secret(' ', "socks5", Request),
    row(' ', "socks5-basic", false, Quiet),
    row(' ', "socks5-gssapi", false, Other),
    row(' ', "socks5-gssapi-nec", false, Other),
    row(' ', "socks5-gssapi-service", true, Other),
    secret(' ', "socks5-hostname", Request),
    row('Y', "speed-limit", true, Network),
    row('y', "speed-time", true, Network),
    row(' ', "ssl", false, Other),
    row(' ', "ssl-allow-beast", false, Security),
    row(' ', "ssl-auto-client-cert", false, Security),
    row(' ', "ssl-no-revoke", false, Security),
    row(' ', "ssl-reqd", false, Other),
    row(' ', "ssl-revoke-best-effort", false, Security),
    row(' ', "ssl-sessions", true, Security),
    row('2', "sslv2", false, Security),
    row('3', "sslv3", false, Security),
    row(' ', "stderr", true, Quiet),
    row(' ', "styled-output", false, Quiet),
    row(' ', "suppress-connect-headers", false, Quiet),
    row(' ', "tcp-fastopen", false, Network),
    row(' ', "tcp-nodelay", false, Quiet),
    secret('t', "telnet-option", Other),
    row(' ', "tftp-blksize", true, Other),
    row(' ', "tftp-no-options", false, Other),
    row('z', "time-cond", true, Request),
    row(' ', "tls-earlydata", false, Security),
    row(' ', "tls-max", true, Request),
    row(' ', "tls13-ciphers", true, Security),
    row(' ', "tlsauthtype", true, Security),
    secret(' ', "tlspassword", Security),
    secret(' ', "tlsuser", Security),
    row('1', "tlsv1", false, Request),
    row(' ', "tlsv1.0", false, Request),
    row(' ', "tlsv1.1", false, Request),
    row(' ', "tlsv1.2", false, Request),
    row(' ', "tlsv1.3", false, Request),
    row(' ', "tr-encoding", false, Request),
    row(' ', "trace", true, Quiet),
    row(' ', "trace-ascii", true, Quiet),
    row(' ', "trace-config", true, Quiet),
    row(' ', "trace-ids", false, Quiet),
    row(' ', "trace-time", false, Quiet),
    row(' ', "unix-socket", true, Request),
    row('T', "upload-file", true, Request),
    row(' ', "upload-flags", true, Other),
    secret(' ', "url", Request),
    secret(' ', "url-query", Request),
    row('B', "use-ascii", false, Quiet),
    secret('u', "user", Request),
    row('A', "user-agent", true, Request),
    secret(' ', "variable", Request),
    row('v', "verbose", false, Quiet),
    row('V', "version", false, Quiet),
    row(' ', "vlan-priority", true, Network),
    row('w', "write-out", true, Quiet),
    row(' ', "xattr", false, Quiet),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(&'static str, String)> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let (given, unknown) = parse(&words);
        assert!(unknown.is_empty(), "{unknown:?}");
        given.into_iter().map(|given| (given.name, given.value)).collect()
    }

    fn pair(name: &'static str, value: &str) -> (&'static str, String) {
        (name, value.to_owned())
    }

    #[test]
    fn values_are_next_attached_or_behind_an_equals_sign() {
        let expected = [pair("request", "PUT")];
        for text in ["-X PUT", "-XPUT", "--request PUT", "--request=PUT"] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn bundles_end_with_the_first_option_that_takes_a_value() {
        let expected = [
            pair("silent", ""),
            pair("show-error", ""),
            pair("insecure", ""),
            pair("output", "x"),
            pair("", "u"),
        ];
        assert_eq!(parsed("-sSkox u"), expected);
    }

    #[test]
    fn flags_do_not_swallow_the_url() {
        for flag in ["-s", "-v", "-I", "--http2", "--compressed", "--no-keepalive", "--no-buffer"] {
            assert_eq!(parsed(&format!("{flag} u")).last(), Some(&pair("", "u")), "{flag}");
        }
    }

    #[test]
    fn beginnings_and_negations_are_understood() {
        assert_eq!(parsed("--data-url a=b"), [pair("data-urlencode", "a=b")]);
        let (given, _) = parse(&["--no-location".to_owned()]);
        assert!(given.first().is_some_and(|given| given.name == "location" && given.negated));
    }

    #[test]
    fn unknown_options_are_named() {
        assert_eq!(parse(&["--nonsense".to_owned(), "-%".to_owned()]).1, ["--nonsense", "-%"]);
    }

    #[test]
    fn names_are_unique_and_sorted() {
        assert!(OPTIONS.windows(2).all(|pair| matches!(pair, [a, b] if a.long < b.long)));
        let shorts: Vec<char> = OPTIONS.iter().map(|row| row.short).filter(|c| *c != ' ').collect();
        let distinct: std::collections::BTreeSet<&char> = shorts.iter().collect();
        assert_eq!(distinct.len(), shorts.len());
    }
}
