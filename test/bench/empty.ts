// A program that does nothing: what a runtime takes to start.
export {};
