//! What the elements of a test plan are there for.

use super::tree::Element;

/// What an element is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Users and what they do.
    Group,
    /// Steps below it.
    Controller,
    /// Something that is done.
    Sampler,
    /// Applies to all samplers of its subtree.
    Config,
    /// A pause before each sampler of its subtree.
    Timer,
    /// A check of what each sampler of its subtree gives.
    Assertion,
    /// Done before each sampler of its subtree.
    Before,
    /// Done after each sampler of its subtree.
    After,
    /// Shows or keeps results.
    Listener,
    /// Is no part of a run.
    Aside,
    /// Nothing that is known.
    Unknown,
}

const CONTROLLERS: &[&str] = &[
    "GenericController",
    "RecordingController",
    "TransactionController",
    "LoopController",
    "OnceOnlyController",
    "InterleaveControl",
    "RandomController",
    "RandomOrderController",
    "ThroughputController",
    "IfController",
    "WhileController",
    "SwitchController",
    "ForeachController",
    "RunTime",
    "ModuleController",
    "IncludeController",
    "CriticalSectionController",
    "TestFragmentController",
    "ParallelSampler",
    "WeightedSwitchController",
    "ParameterizedController",
    "DirectoryListingController",
];

impl Element {
    /// What this element is there for.
    pub(super) fn role(&self) -> Role {
        let class = self.class.as_str();
        let ends = |endings: &[&str]| endings.iter().any(|ending| class.ends_with(ending));
        if CONTROLLERS.contains(&class) {
            return Role::Controller;
        }
        match class {
            "TestPlan" => return Role::Controller,
            "CSVDataSet"
            | "RandomCSVDataSetConfig"
            | "Arguments"
            | "ConfigTestElement"
            | "JDBCDataSource"
            | "LoginConfig"
            | "HeaderManager"
            | "CookieManager"
            | "CacheManager"
            | "AuthManager"
            | "DNSCacheManager"
            | "KeystoreConfig"
            | "CounterConfig"
            | "RandomVariableConfig"
            | "TCPConfig"
            | "BoltConnectionElement" => {
                return Role::Config;
            }
            "UserParameters"
            | "RegExUserParameters"
            | "URLRewritingModifier"
            | "AnchorModifier"
            | "SampleTimeout"
            | "HTMLLinkParser"
            | "ParamModifier" => return Role::Before,
            "JSONPostProcessor" | "ResultAction" | "DebugPostProcessor" => return Role::After,
            "HttpMirrorControl" | "ProxyControl" | "WorkBench" | "PropertyDisplay" => {
                return Role::Aside;
            }
            "TestAction" | "JSR223Sampler" | "AccessLogSampler" => return Role::Sampler,
            "ResultCollector" | "CorrectedResultCollector" | "Summariser" | "BackendListener" => {
                return Role::Listener;
            }
            _ => {}
        }
        if ends(&["ThreadGroup"]) {
            Role::Group
        } else if ends(&["PreProcessor"]) {
            Role::Before
        } else if ends(&["PostProcessor", "Extractor", "Extractor2"]) {
            Role::After
        } else if ends(&["Assertion", "Assertion2"]) {
            Role::Assertion
        } else if ends(&["Timer"]) {
            Role::Timer
        } else if ends(&["Listener", "Collector", "Visualizer", "Reporter", "ResultSaver"])
            || self.gui.ends_with("Visualizer")
        {
            Role::Listener
        } else if ends(&[
            "Sampler",
            "SamplerProxy",
            "Sampler2",
            "Request",
            "Subscriber",
            "Publisher",
        ]) || class.starts_with("HTTPSampler")
        {
            Role::Sampler
        } else if ends(&["Controller", "Control"]) {
            Role::Controller
        } else if ends(&[
            "Config",
            "ConfigElement",
            "Manager",
            "DataSet",
            "DataSource",
            "Configuration",
        ]) {
            Role::Config
        } else {
            Role::Unknown
        }
    }
}
