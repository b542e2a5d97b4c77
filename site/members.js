// The plugin that finds types that are not exported takes an inherited accessor for one, beside its class; here such entries are removed.
import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(
    Converter.EVENT_RESOLVE_BEGIN,
    ({ project }) => {
      const accessors = project.getReflectionsByKind(ReflectionKind.Accessor);
      for (const accessor of accessors) if (accessor.parent.kindOf(ReflectionKind.SomeModule)) project.removeReflection(accessor);
    },
    -1,
  );
}
