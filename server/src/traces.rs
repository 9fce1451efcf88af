//! Traces of requests for OpenTelemetry, sent by OTLP over HTTP. A thread of its own collects and sends them: when the
//! other end is slow or not there, spans are dropped, and nothing else waits. Off unless an endpoint is named.

/// The target of spans. They are for export only; the log has its own lines.
pub(crate) const TARGET: &str = "bowline_traces";

#[cfg(feature = "otlp")]
pub(crate) use self::on::{Exporting, export};

#[cfg(feature = "otlp")]
mod on {
    use std::time::Duration;

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::{Layer, Registry};

    use super::TARGET;
    use crate::config::Traces;

    /// How long what is left may take to be sent at the end.
    const LAST_WITHIN: Duration = Duration::from_secs(1);

    /// Exports until it is dropped; what is left is sent then, for a moment.
    #[derive(Debug)]
    pub(crate) struct Exporting(SdkTracerProvider);

    impl Drop for Exporting {
        fn drop(&mut self) {
            let _ = self.0.shutdown_with_timeout(LAST_WITHIN);
        }
    }

    /// The layer that exports spans. To be called before there is a runtime. Headers, time limits, attributes and the
    /// sampler are what the standard variables say.
    pub(crate) fn export(
        to: &Traces,
    ) -> Result<(Box<dyn Layer<Registry> + Send + Sync>, Exporting), ExporterBuildError> {
        crate::outward::choose_tls();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&to.url)
            .build()?;
        let mut resource = Resource::builder();
        if !to.is_named {
            resource = resource.with_service_name("bowline");
        }
        let version = opentelemetry::KeyValue::new("service.version", crate::VERSION);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.with_attribute(version).build())
            .build();
        let only = Targets::new().with_target(TARGET, LevelFilter::INFO);
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("bowline"))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_filter(only);
        Ok((layer.boxed(), Exporting(provider)))
    }
}

#[cfg(not(feature = "otlp"))]
pub(crate) use self::off::{Exporting, export};

#[cfg(not(feature = "otlp"))]
mod off {
    use tracing_subscriber::{Layer, Registry};

    use crate::config::Traces;

    /// Never there.
    #[derive(Debug)]
    pub(crate) enum Exporting {}

    /// Why not.
    #[derive(Debug, thiserror::Error)]
    #[error("this bowline was built without the feature otlp")]
    pub(crate) struct BuiltWithout;

    pub(crate) fn export(
        _: &Traces,
    ) -> Result<(Box<dyn Layer<Registry> + Send + Sync>, Exporting), BuiltWithout> {
        Err(BuiltWithout)
    }
}
