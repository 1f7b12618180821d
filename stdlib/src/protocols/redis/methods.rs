//! The methods of a task: which command each stands for, and which fields are its arguments.

/// A method.
#[derive(Debug)]
pub(super) struct Method {
    /// The name in plans.
    pub(super) name: &'static str,
    /// The command it sends.
    pub(super) command: &'static str,
    /// Its arguments, in order.
    pub(super) arguments: &'static [Argument],
}

/// An argument of a method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    /// The field it stands in.
    pub(super) field: &'static str,
    /// What it may be, and how it is written.
    pub(super) form: Form,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One value that must be there.
    One,
    /// One value, with what is sent when it is not there.
    Or(&'static str),
    /// One value, or none.
    Maybe,
    /// One value, or a list of at least one.
    Many,
    /// A map, whose names and values take turns; what stands for it without one is what comes
    /// before, and one value.
    Pairs,
    /// The seconds after which a key is gone, behind `EX`; or none.
    Expiry,
}

const fn argument(field: &'static str, form: Form) -> Argument {
    Argument { field, form }
}

const KEY: Argument = argument("key", Form::One);
const KEYS: Argument = argument("key", Form::Many);
const FIELD: Argument = argument("field", Form::One);
const FIELDS: Argument = argument("field", Form::Many);
const VALUE: Argument = argument("value", Form::One);
const VALUES: Argument = argument("value", Form::Many);
// As in the reference, a key can be set to nothing.
const TEXT: Argument = argument("value", Form::Or(""));
const AMOUNT: Argument = argument("amount", Form::Or("1"));
const COUNT: Argument = argument("count", Form::Maybe);
const INDEX: Argument = argument("index", Form::Or("0"));
const START: Argument = argument("start", Form::Or("0"));
const STOP: Argument = argument("stop", Form::Or("-1"));

const fn method(
    name: &'static str,
    command: &'static str,
    arguments: &'static [Argument],
) -> Method {
    Method { name, command, arguments }
}

/// The methods besides [`COMMAND`](super::COMMAND) and [`PIPELINE`](super::PIPELINE).
pub(super) const METHODS: &[Method] = &[
    method("append", "APPEND", &[KEY, VALUE]),
    method("decr", "DECR", &[KEY]),
    method("decrby", "DECRBY", &[KEY, AMOUNT]),
    method("delete", "DEL", &[KEYS]),
    method("exists", "EXISTS", &[KEYS]),
    method("expire", "EXPIRE", &[KEY, argument("expire", Form::One)]),
    method("get", "GET", &[KEY]),
    method("getdel", "GETDEL", &[KEY]),
    method("getset", "GETSET", &[KEY, TEXT]),
    method("hdel", "HDEL", &[KEY, FIELDS]),
    method("hexists", "HEXISTS", &[KEY, FIELD]),
    method("hget", "HGET", &[KEY, FIELD]),
    method("hgetall", "HGETALL", &[KEY]),
    method("hincrby", "HINCRBY", &[KEY, FIELD, AMOUNT]),
    method("hkeys", "HKEYS", &[KEY]),
    method("hlen", "HLEN", &[KEY]),
    method("hmget", "HMGET", &[KEY, FIELDS]),
    method("hset", "HSET", &[KEY, argument("field", Form::Maybe), argument("value", Form::Pairs)]),
    method("hsetnx", "HSETNX", &[KEY, FIELD, VALUE]),
    method("hvals", "HVALS", &[KEY]),
    method("incr", "INCR", &[KEY]),
    method("incrby", "INCRBY", &[KEY, AMOUNT]),
    method("incrbyfloat", "INCRBYFLOAT", &[KEY, AMOUNT]),
    method("lindex", "LINDEX", &[KEY, INDEX]),
    method("llen", "LLEN", &[KEY]),
    method("lpop", "LPOP", &[KEY, COUNT]),
    method("lpush", "LPUSH", &[KEY, VALUES]),
    method("lrange", "LRANGE", &[KEY, START, STOP]),
    method("lrem", "LREM", &[KEY, argument("count", Form::Or("0")), VALUE]),
    method("lset", "LSET", &[KEY, INDEX, VALUE]),
    method("ltrim", "LTRIM", &[KEY, START, STOP]),
    method("mget", "MGET", &[KEYS]),
    method("mset", "MSET", &[argument("value", Form::Pairs)]),
    method("persist", "PERSIST", &[KEY]),
    method("ping", "PING", &[]),
    method("publish", "PUBLISH", &[KEY, VALUE]),
    method("randomkey", "RANDOMKEY", &[]),
    method("rpop", "RPOP", &[KEY, COUNT]),
    method("rpush", "RPUSH", &[KEY, VALUES]),
    method("sadd", "SADD", &[KEY, VALUES]),
    method("scard", "SCARD", &[KEY]),
    method("set", "SET", &[KEY, TEXT, argument("expire", Form::Expiry)]),
    method("sismember", "SISMEMBER", &[KEY, VALUE]),
    method("smembers", "SMEMBERS", &[KEY]),
    method("spop", "SPOP", &[KEY, COUNT]),
    method("srandmember", "SRANDMEMBER", &[KEY, COUNT]),
    method("srem", "SREM", &[KEY, VALUES]),
    method("strlen", "STRLEN", &[KEY]),
    method("ttl", "TTL", &[KEY]),
    method("type", "TYPE", &[KEY]),
];

/// The fields that are arguments of some method.
pub(super) const ARGUMENT_FIELDS: &[&str] =
    &["amount", "count", "expire", "field", "index", "key", "start", "stop", "value"];

/// The method of a name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_stand_in_order_and_take_fields_that_exist() {
        assert!(METHODS.is_sorted_by_key(|method| method.name));
        for method in METHODS {
            for argument in method.arguments {
                assert!(ARGUMENT_FIELDS.contains(&argument.field), "{}", method.name);
            }
        }
    }

    #[test]
    fn each_method_is_one_of_the_choice() {
        let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        for name in names.iter().chain(&[super::super::COMMAND, super::super::PIPELINE]) {
            assert!(super::super::NAMES.contains(name), "{name}");
        }
        assert_eq!(super::super::NAMES.len(), names.len() + 2);
    }
}
