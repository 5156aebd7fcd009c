/** The package's own entry names a CommonJS file in a module package, which Node cannot import; its module file works everywhere (1.6.0). */
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
