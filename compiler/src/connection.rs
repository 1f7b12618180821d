//! `connection`: fields that the tasks of a run or scenario have in common.

use ld_stdlib::Shape;
use ld_stdlib::field;
use ld_stdlib::protocols::{PROTOCOLS, Protocol};

use crate::diag::{Code, Diagnostic};
use crate::json::{Key, Kind, Member, Node};
use crate::load::Given;
use crate::lower::Lower;

/// Arguments that are a member of `connection` by themselves.
const SHORT_FORMS: &[&str] = &["connection_string"];

/// Fields for tasks that do not say them themselves.
#[derive(Debug, Default)]
pub(crate) struct Connection<'s> {
    members: Vec<Member<'s>>,
}

impl<'s> Connection<'s> {
    /// What a run says, or a scenario; what a scenario does not say is as its run says.
    pub(crate) fn of(
        given: &Given<'_, 's>,
        run: Option<&Connection<'s>>,
        lower: &mut Lower<'_>,
    ) -> Self {
        let mut members: Vec<Member<'s>> = Vec::new();
        if let Some((_, node)) = given.written("connection") {
            match &node.kind {
                Kind::Object(written) => members.extend(written.iter().cloned()),
                Kind::Null | Kind::Invalid => {}
                _ => drop(lower.wrong_type(node, &Shape::Map(&Shape::Any), "connection")),
            }
        }
        for name in SHORT_FORMS {
            if let Some((_, node)) = given.written(name).filter(|(_, node)| !node.is_null()) {
                let key = Key { text: (*name).into(), span: node.span };
                members.push(Member { key, value: node.clone() });
            }
        }
        lower.unheeded.extend(
            members.iter().map(|member| (member.key.span, member.key.text.clone().into_owned())),
        );
        for member in run.iter().flat_map(|run| &run.members) {
            if !members.iter().any(|own| own.key.text == member.key.text) {
                members.push(member.clone());
            }
        }
        Self { members }
    }

    /// A task with what it does not say itself; `None` where nothing is to be added.
    pub(crate) fn fill<'n>(
        &self,
        node: &Node<'n>,
        protocol: &Protocol,
        lower: &mut Lower<'_>,
    ) -> Option<Node<'n>>
    where
        's: 'n,
    {
        let mut filled = None;
        for member in self.members.iter().filter(|_| protocol.has_connection) {
            let Some(field) = field::find(protocol.fields, &member.key.text) else { continue };
            lower.unheeded.retain(|(span, _)| *span != member.key.span);
            let members = node.as_object().unwrap_or_default();
            if !members.iter().any(|own| field.is_called(&own.key.text)) {
                let filled = filled.get_or_insert_with(|| node.clone());
                if let Kind::Object(members) = &mut filled.kind {
                    members.push(member.clone());
                }
            }
        }
        filled
    }
}

/// Reports what no task of a run asked for.
pub(crate) fn report_unheeded(lower: &mut Lower<'_>) {
    for (span, name) in std::mem::take(&mut lower.unheeded) {
        let message = format!("`{name}` changes nothing in the tasks of this run");
        let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
            .label(span, "no user type of this run takes it from its `connection`");
        let connecting = PROTOCOLS.iter().filter(|protocol| protocol.has_connection);
        let fields = connecting.flat_map(|protocol| protocol.fields).map(|field| field.name);
        lower.report(problem.did_you_mean(&name, fields.filter(|field| *field != name)));
    }
}
