/** A rule's no in the model; the code is compared with the ledger's. */
export class Refused extends Error {
    code;
    constructor(code) {
        super(code);
        this.code = code;
    }
}
