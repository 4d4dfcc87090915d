import { useTranslation } from 'react-i18next';
import { Scan } from '../../parts/scan.tsx';

/** The code of the printed sheet, typed in any grouping or read by the camera. */
export function CodeField({
  value,
  onChange,
  isOptional = false,
}: {
  readonly value: string;
  readonly onChange: (code: string) => void;
  readonly isOptional?: boolean;
}) {
  const { t } = useTranslation();
  return (
    <>
      <div className="field">
        <label htmlFor="printed-code">
          {isOptional ? t('keys.codeIfYouHave') : t('open.code')}
        </label>
        <input
          id="printed-code"
          className="in-text mono"
          autoComplete="off"
          spellCheck={false}
          dir="ltr"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      <Scan onRead={onChange} />
    </>
  );
}
