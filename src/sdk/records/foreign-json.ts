/** Types that FHIR R4 does not have, by the version that has them; a type of two versions stands with the later. */
const typesOf: readonly (readonly [version: string, types: string])[] = [
  [
    'DSTU2',
    'BodySite Conformance DiagnosticOrder DeviceUseRequest MedicationOrder Order OrderResponse ' +
      'DataElement DeviceComponent ImagingObjectSelection',
  ],
  [
    'STU3',
    'EligibilityRequest EligibilityResponse ExpansionProfile ImagingManifest ProcedureRequest ' +
      'ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition',
  ],
  [
    'R5',
    'ActorDefinition AdministrableProductDefinition ArtifactAssessment BiologicallyDerivedProductDispense ' +
      'Citation ClinicalUseDefinition ConditionDefinition DeviceAssociation DeviceDispense DeviceUsage ' +
      'EncounterHistory EvidenceReport FormularyItem GenomicStudy ImagingSelection Ingredient ' +
      'InventoryItem InventoryReport ManufacturedItemDefinition MedicinalProductDefinition ' +
      'NutritionIntake NutritionProduct PackagedProductDefinition Permission RegulatedAuthorization ' +
      'Requirements SubscriptionStatus SubscriptionTopic SubstanceDefinition TestPlan Transport',
  ],
];
const versionOf: ReadonlyMap<string, string> = new Map(
  typesOf.flatMap(([version, types]) => types.split(' ').map((type) => [type, version] as const)),
);

/** "STU3 ProcedureRequest"; a type that no version is known to have by its own name. */
export function foreignTypeName(resourceType: string): string {
  const version = versionOf.get(resourceType);
  return version === undefined ? resourceType : `${version} ${resourceType}`;
}

/** A name that may be a type of some FHIR: it is told to a person, so it is short and plain. */
export const isTypeName = (name: string): boolean => /^[A-Z][A-Za-z]{1,63}$/.test(name);

/** JSON that is no resource: what it is by its top-level fields, and its media type. */
export function foreignJson(fields: ReadonlySet<string>): {
  readonly form: string;
  readonly mediaType: string;
} {
  if (fields.has('verifiableCredential')) {
    return { form: 'health card', mediaType: 'application/smart-health-card' };
  }
  return { form: 'JSON', mediaType: 'application/json' };
}
