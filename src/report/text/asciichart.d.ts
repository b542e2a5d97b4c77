// The part of asciichart 1.5 that gradloom uses; the package has no types.
declare module 'asciichart' {
  const asciichart: {
    plot(
      series: readonly number[],
      options: { height: number; offset: number; min: number; max: number; format: (label: number) => string },
    ): string;
  };
  export default asciichart;
}
